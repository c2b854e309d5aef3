"""Budgets and faults of the benchmark of a GPU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpu_report import faults, line, missed, put
from gpu_sections import KEY_TIME, NIGHTS, sections

KEPT: list[dict[str, Any]] = [
    {"what": "machine", "cores": 16},
    {"what": KEY_TIME, "busy": 0.8, "launches_a_step": 650, "waits_a_step": 0.25},
    {"what": NIGHTS["good"], "pictures_s": 12.0},
    {"what": NIGHTS["fast"], "pictures_s": 300.0},
]


def changed(what: str, **figures: float) -> list[dict[str, Any]]:
    return [{**row, **figures} if row["what"] == what else row for row in KEPT]


def test_budgets_that_are_just_kept_are_kept() -> None:
    assert missed(KEPT) == []


@pytest.mark.parametrize(
    ("what", "figures", "said"),
    [
        (KEY_TIME, {"busy": 0.79}, "busy is 0.79, and should be at least 0.8"),
        (KEY_TIME, {"launches_a_step": 651}, "launches_a_step is 651, and should be at most 650"),
        (KEY_TIME, {"waits_a_step": 0.5}, "waits_a_step is 0.5, and should be at most 0.25"),
        (NIGHTS["good"], {"pictures_s": 11.9}, "pictures_s is 11.9, and should be at least 12"),
        (NIGHTS["fast"], {"pictures_s": 299.0}, "pictures_s is 299, and should be at least 300"),
    ],
)
def test_a_missed_budget_is_one_sentence(what: str, figures: dict[str, float], said: str) -> None:
    assert missed(changed(what, **figures)) == [f"{what}: {said}"]


def test_what_takes_sixteen_cores_is_not_asked_of_eight() -> None:
    assert missed([{**KEPT[0], "cores": 8}, *changed(NIGHTS["fast"], pictures_s=100.0)[1:]]) == []


def test_a_budget_whose_section_failed_is_missed() -> None:
    found = [row for row in KEPT if row["what"] != KEY_TIME] + [{"what": KEY_TIME, "fault": "it raised"}]
    assert missed(found) == [
        f"{KEY_TIME}: {figure} was not measured" for figure in ("busy", "launches_a_step", "waits_a_step")
    ]


def test_faults_and_failed_checks_are_faults_and_skipped_sections_are_none() -> None:
    rows = [{"what": "a", "fault": "it raised"}, {"what": "b", "fine": False}, {"what": "c", "skipped": "no time"}]
    assert faults(rows) == ["a: it raised", "b: the check failed"]


def test_every_budget_has_a_section_and_no_two_have_one_name() -> None:
    names = [section.name for section in sections(quick=False)]
    assert {KEY_TIME, *NIGHTS.values()} <= set(names)
    assert len(names) == len(set(names))


def test_a_row_is_a_line_and_the_json_has_all(tmp_path: Path) -> None:
    row = {"what": "a", "ms_a_step": 12.3456, "alike": False}
    assert line(row, 3.0).split() == ["3.0", "s", "a", "ms_a_step", "12.35,", "alike", "NO"]
    put(tmp_path / "x.json", "cuda", [row], ["a: the check failed"])
    found = json.loads((tmp_path / "x.json").read_text())
    assert (found["device"], found["rows"], found["problems"]) == ("cuda", [row], ["a: the check failed"])
