"""Rows of manifests that others wrote: one with a name that leads out, or that no disk takes, stops no night and makes no
link (CWE-22).
"""

import json
from typing import Any

import pytest

from core.manifest import manifest
from core.manifest.rejection import apply_decisions
from core.report.data import PREFIX
from core.report.gallery import build_gallery
from core.storage.store import Store
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import ALL, make, planned, states

NAMES = ["../../etc/hosts", "wave/" + "x" * 300 + ".png", "/etc/hosts", "C:/hosts"]


def hostile(output: str, key: str) -> dict[str, Any]:
    return {"output": output, "key": key, "status": "done", "asset": "../../../a.jpg", "style": "../../b", "attempt": 1}


@pytest.mark.parametrize("name", NAMES)
def test_a_night_that_reuses_a_hostile_row_makes_the_picture(name: str, studio: Studio) -> None:
    plan = planned(studio)
    other = Store(studio.root / "other")
    manifest.write_part(other, [hostile(name, key) for key in plan.jobs["key"].to_pylist()[:1]])
    assert states(planned(studio, reuse=[str(other.root)])) == dict.fromkeys(ALL, "todo")


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_row_of_the_run_is_a_failed_one_and_the_rest_is_made(name: str, studio: Studio) -> None:
    plan = planned(studio)
    store = Store(studio.out)
    manifest.write_part(store, [hostile(name, key) for key in plan.jobs["key"].to_pylist()[:1]])
    make(studio, planned(studio))
    apply_decisions(store, {})
    rows = {row["output"]: row for row in manifest.read(store).to_pylist()}
    assert {name for name, row in rows.items() if row["status"] == "done"} == ALL
    assert rows[name]["status"] == "failed"
    assert "no picture of this run" in rows[name]["message"]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_row_is_no_link_in_the_gallery(name: str, studio: Studio) -> None:
    store = make(studio, planned(studio))
    manifest.write_part(store, [hostile(name, "k")])
    build_gallery(store, manifest.read(store), "run")
    data = json.loads((studio.out / "gallery/data.js").read_text()[len(PREFIX) : -2])["columns"]
    status = [data["status"]["values"][code] for code in data["status"]["codes"]]
    assert sorted(status) == ["done"] * 4 + ["failed"]
    views = [*data["asset"]["thumbs"], *data["style"]["thumbs"]]
    assert not any("/../" in view.removeprefix("../") for view in views)
