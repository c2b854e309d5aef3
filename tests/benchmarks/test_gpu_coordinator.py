"""Sections in a process apart: faults, crashes, hangs and the end of the time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import gpu_coordinator
from gpu_sections import Section

WORK = """
import os, signal, time

def fine(setup, *figures):
    print("what libraries print is no row")
    yield from ({"figure": each} for each in figures)

def raises(setup):
    yield {"what": "before it", "figure": 1}
    raise ValueError("so it goes")

def spoils(setup):
    raise RuntimeError("CUDA error: an illegal memory access was encountered")
    yield

def crashes(setup):
    os.kill(os.getpid(), signal.SIGSEGV)
    yield

def hangs(setup):
    time.sleep(600)
    yield

def process(setup):
    yield {"pid": os.getpid()}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs functions of WORK as sections."""
    (tmp_path / "work.py").write_text(WORK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def rows(*names: str | Section, seconds: float = 60.0) -> list[dict[str, Any]]:
        sections = [each if isinstance(each, Section) else Section(each, f"work:{each}") for each in names]
        return list(gpu_coordinator.rows(sections, "cpu", True, seconds))

    return rows


def test_rows_come_in_order_and_printed_words_are_none(run: Any) -> None:
    assert run(Section("a", "work:fine", (1, 2)), Section("b", "work:fine", (3,))) == [
        {"what": "a", "figure": 1},
        {"what": "a", "figure": 2},
        {"what": "b", "figure": 3},
    ]


def test_a_section_that_raises_is_a_row_and_the_next_one_runs_in_the_same_process(run: Any) -> None:
    first, before, fault, last = run("process", "raises", "process")
    assert before == {"what": "before it", "figure": 1}
    assert fault["fault"] == "ValueError: so it goes"
    assert fault["at"].endswith("work.py:10")
    assert last == first


def test_after_a_fault_of_the_device_the_next_section_has_another_process(run: Any) -> None:
    first, fault, last = run("process", "spoils", "process")
    assert "illegal memory access" in fault["fault"]
    assert last["pid"] != first["pid"]


def test_a_crash_is_a_row_and_the_next_section_runs(run: Any) -> None:
    fault, last = run("crashes", "process")
    assert fault["what"] == "crashes"
    assert fault["fault"].startswith("its process ended, by signal 11")
    assert last["pid"]


def test_a_section_that_hangs_is_stopped(run: Any) -> None:
    begun = time.monotonic()
    fault, last = run(Section("hangs", "work:hangs", limit=8.0), "process")
    assert fault["fault"] == "it took longer than 8 s"
    assert last["pid"]
    assert time.monotonic() - begun < 60


def test_what_there_is_no_time_for_is_skipped(run: Any) -> None:
    first, second = run("hangs", "process", seconds=6.0)
    assert first == {"what": "hangs", "skipped": "stopped, no time was left"}
    assert second == {"what": "process", "skipped": "no time was left"}
