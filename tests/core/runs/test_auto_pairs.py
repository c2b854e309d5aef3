"""Pairs that the plan chooses, and keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.config.spec import Spec
from core.errors import SpecError
from core.planning.plan_file import begin_night, read_context
from core.planning.planner import Plan
from core.runs.stylize_plan import make_plan
from core.storage.store import Store
from tests.conftest import Studio
from tests.field.test_unreadable_folders import close


def brushed(path: Path, grey: int, seed: int = 0) -> None:
    """Long level strokes about a grey."""
    rows = np.random.default_rng(seed).normal(grey, 12, (12, 1, 1)).clip(0, 255)
    Image.fromarray(np.broadcast_to(rows, (12, 96, 3)).astype(np.uint8)).resize((96, 96)).save(path)


@pytest.fixture
def tonal(studio: Studio) -> Studio:
    """Dark and light assets, and styles of three tones."""
    for folder in (studio.library, studio.catalog):
        for file in [file for file in folder.rglob("*") if file.is_file()]:
            file.unlink()
    for name, grey in (("dark.png", 40), ("light.png", 200)):
        brushed(studio.library / name, grey)
    for name, grey in (("deep.png", 30), ("middle.png", 70), ("pale.png", 220)):
        brushed(studio.catalog / name, grey, seed=grey)
    return studio


def spec_of(studio: Studio, **changes: Any) -> Spec:
    values = {"library": studio.library, "catalog": studio.catalog, "out": studio.out, "pairs": "auto", **changes}
    return Spec.from_values(
        {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}, "test"
    )


def pairs(plan: Plan) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for asset, style in zip(plan.jobs["asset"].to_pylist(), plan.jobs["style"].to_pylist(), strict=True):
        found.setdefault(asset, []).append(style)
    return found


def test_each_asset_gets_the_style_that_suits_it(tonal: Studio) -> None:
    plan = make_plan(spec_of(tonal))
    assert pairs(plan) == {"dark.png": ["pale"], "light.png": ["deep"]}
    assert "chosen for 2 of 2 assets" in plan.summary.choice
    assert {len(styles) for styles in pairs(make_plan(spec_of(tonal, pairs="auto:2"))).values()} == {2}
    assert {len(styles) for styles in pairs(make_plan(spec_of(tonal, pairs="auto:9:calm"))).values()} == {3}


def test_a_choice_whose_style_cannot_be_seen_gets_no_other(tonal: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    (tonal.catalog / "old").mkdir()
    (tonal.catalog / "pale.png").rename(tonal.catalog / "old/pale.png")
    begin_night(Store(tonal.out), make_plan(spec_of(tonal)))
    close("catalog/old", monkeypatch)
    assert pairs(make_plan(spec_of(tonal))) == {"light.png": ["deep"]}


def test_what_is_chosen_stays_until_it_is_asked_for_anew(tonal: Studio) -> None:
    store = Store(tonal.out)
    first = make_plan(spec_of(tonal))
    begin_night(store, first)
    assert read_context(store)["auto"] == "auto"
    brushed(tonal.catalog / "white.png", 250, seed=7)  # would suit the dark one as well
    brushed(tonal.library / "dark.png", 215)  # another picture under the same name
    brushed(tonal.library / "new.png", 210)
    again = make_plan(spec_of(tonal))
    assert pairs(again) == {**pairs(first), "new.png": ["deep"]}
    assert "chosen for 1 of 3 assets; those of 2 are kept until `run --replan`" in again.summary.choice
    assert pairs(make_plan(spec_of(tonal), replan=True))["dark.png"] == ["deep"]
    assert pairs(make_plan(spec_of(tonal, pairs="auto:1")))["dark.png"] == ["deep"]  # another question


def test_a_style_that_is_gone_is_replaced(tonal: Studio) -> None:
    begin_night(Store(tonal.out), make_plan(spec_of(tonal)))
    (tonal.catalog / "pale.png").unlink()
    assert pairs(make_plan(spec_of(tonal))) == {"dark.png": ["middle"], "light.png": ["deep"]}


def test_an_asset_that_cannot_be_read_has_its_row(tonal: Studio) -> None:
    (tonal.library / "broken.jpg").write_bytes(b"no picture")
    plan = make_plan(spec_of(tonal))
    assert len(pairs(plan)["broken.jpg"]) == 1
    assert plan.summary.failed == 1


def test_wrong_questions_are_refused(tonal: Studio) -> None:
    with pytest.raises(SpecError, match="no mood 'sleepy'"):
        make_plan(spec_of(tonal, pairs="auto:sleepy"))
    with pytest.raises(SpecError, match="auto:K"):
        spec_of(tonal, pairs="auto:0")
