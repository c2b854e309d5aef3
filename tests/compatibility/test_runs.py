"""Runs of earlier versions: they open, nothing of them is made again, and what a kill left undone is made."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from PIL import Image

from core.config.preference_model import load_preference_model
from core.config.run_spec import RunSpec
from core.config.spec import Spec
from core.manifest import manifest
from core.planning.plan_file import read_planned
from core.planning.planner import Plan
from core.planning.run_context import RunContext
from core.runs.finalise import finalise
from core.runs.run_kinds import kind_of, spec_of_run
from core.storage.run_paths import PLAN
from core.storage.store import Store
from tests.compatibility.conftest import OldStudio
from tests.core.report.test_data import parsed
from tests.faults.night import night
from tests.flows.command import here

RUNS = ("tonight", "killed", "liked", "samples")
OVER = ("tonight", "liked", "samples")
"""Those that were not killed."""


def spec_of(old: OldStudio, name: str, **changes: Any) -> RunSpec:
    return spec_of_run(Store(old.run(name))).model_copy(update=changes)


def planned(old: OldStudio, name: str, retry: bool = False, **changes: Any) -> Plan:
    """What a night of today would do in a run."""
    spec = spec_of(old, name, **changes)
    return kind_of(spec).make_plan(spec, retry)


def made_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["status"] in ("done", "rejected")]


@pytest.mark.parametrize("name", RUNS)
def test_a_manifest_has_the_rows_that_it_had(old: OldStudio, name: str) -> None:
    before = old.rows(name)
    rows = manifest.read(Store(old.run(name))).to_pylist()
    if name == "killed":  # whose parts say more than the manifest of its beginning
        assert [row["output"] for row in rows] == [row["output"] for row in before]
    else:
        assert [{column: row[column] for column in before[0]} for row in rows] == before


@pytest.mark.parametrize("name", OVER)
def test_a_run_has_no_job_to_make_again(old: OldStudio, name: str) -> None:
    summary = planned(old, name).summary
    assert (summary.work, summary.waiting) == (0, 0)
    assert summary.done == len(made_rows(old.rows(name)))


def test_a_killed_run_has_what_is_missing_to_make(old: OldStudio) -> None:
    made = {row["output"] for row in made_rows(manifest.read(Store(old.run("killed"))).to_pylist())}
    plan = planned(old, "killed")
    todo = {row["output"] for row in plan.jobs.to_pylist() if row["state"] == "todo"}
    first = {row["output"] for row in old.rows("killed") if row["status"] == "pending"}
    assert made
    assert first - made
    assert {output for output in todo if "~" not in output} == first - made
    assert plan.summary.done == len(made)


def test_a_killed_run_is_finished_as_one_that_was_not(old: OldStudio) -> None:
    """Networks run here: what is missing is made as the earlier version made it in the run beside, if the engine is one."""
    store = Store(old.run("killed"))
    before = {row["output"]: row for row in made_rows(manifest.read(store).to_pylist())}
    spec = spec_of(old, "killed")
    assert isinstance(spec, Spec)
    night(spec, backend=kind_of(spec).backend)
    rows = {row["output"]: row for row in manifest.read(store).to_pylist()}
    assert {output: rows[output]["finished"] for output in before} == {
        output: row["finished"] for output, row in before.items()
    }
    whole = {row["output"]: row for row in old.rows("tonight") if row["style"] in ("split", "wave")}
    assert {output: row["key"] for output, row in rows.items()} == {output: row["key"] for output, row in whole.items()}
    for output, row in rows.items():
        if row["engine"] == whole[output]["engine"]:
            assert row["pixels_sha256"] == whole[output]["pixels_sha256"], output
        if row["score"] is not None:
            assert row["score"] == pytest.approx(whole[output]["score"], abs=0.02), output


def test_an_asset_that_is_mended_is_all_there_is_to_make(old: OldStudio) -> None:
    Image.open(old.root / "library/hill.png").rotate(180).save(old.root / "library/broken.jpg")
    Image.open(old.root / "masks/hill.png").save(old.root / "masks/broken.png")
    Image.open(old.root / "regions/hill.png").save(old.root / "regions/broken.png")
    todo = [row["output"] for row in planned(old, "tonight").jobs.to_pylist() if row["state"] != "kept"]
    assert todo == [f"{style}/broken.jpg.png" for style in ("both", "split", "wave")]


def test_a_retry_tries_what_failed_and_no_more(old: OldStudio) -> None:
    plan = planned(old, "tonight", retry=True)
    failed = [row["output"] for row in plan.jobs.to_pylist() if row["state"] == "failed"]
    assert failed == [row["output"] for row in old.rows("tonight") if row["status"] == "failed"]
    assert plan.summary.work == 0


def test_a_new_run_takes_pictures_over(old: OldStudio) -> None:
    done = {row["output"] for row in old.rows("tonight") if row["status"] == "done" and "~" not in row["output"]}
    plan = planned(old, "tonight", out=old.run("new"), reuse=[old.run("tonight")])
    adopted = {row["output"] for row in plan.jobs.to_pylist() if row["state"] == "adopt"}
    assert adopted == done


def test_more_seeds_are_all_there_is_to_draw(old: OldStudio) -> None:
    plan = planned(old, "samples", seeds="0-7")
    assert [row["seed"] for row in plan.jobs.to_pylist() if row["state"] == "todo"] == [6, 7]


@pytest.mark.parametrize("name", OVER)
def test_every_picture_is_the_one_that_was_made(old: OldStudio, name: str) -> None:
    found = json.loads(here("verify", old.run(name), "--json").out)
    count = len(made_rows(old.rows(name)))
    assert (found["whole"], found["missing"], found["altered"], found["damaged"]) == (count, 0, 0, 0)


@pytest.mark.parametrize("name", RUNS)
def test_a_gallery_shows_every_row(old: OldStudio, name: str) -> None:
    ended = here("gallery", old.run(name))
    assert ended.code == 0, ended.err
    assert parsed((old.run(name) / "gallery/data.js").read_bytes())["count"] == len(old.rows(name))


def test_status_counts_the_rows_and_knows_the_last_night(old: OldStudio) -> None:
    found = json.loads(here("status", old.run("tonight"), "--json").out)
    counts = Counter(row["status"] for row in old.rows("tonight"))
    assert {status: found[status] for status in counts} == counts
    assert found["last_night"]["manifest"]["done"] == counts["done"]


@pytest.mark.parametrize("name", RUNS)
def test_a_plan_of_its_time_is_read(old: OldStudio, name: str) -> None:
    store = Store(old.run(name))
    rows = {row["output"]: row for row in old.rows(name)}
    jobs = list(read_planned(store))
    assert jobs
    assert [job.output for job in jobs if job.key != rows[job.output]["key"]] == []
    assert isinstance(kind_of(spec_of(old, name)).context_of(store), RunContext)


def test_the_recipe_that_a_plan_chose_stands(old: OldStudio) -> None:
    summary = planned(old, "tonight").summary
    assert "quality best" in summary.choice
    assert "kept until" in summary.choice
    (old.run("tonight") / PLAN).unlink()
    assert "kept until" not in planned(old, "tonight").summary.choice


@pytest.mark.parametrize("name", OVER)
def test_a_picture_says_how_it_was_made(old: OldStudio, name: str) -> None:
    row = next(row for row in old.rows(name) if row["status"] == "done")
    said = json.loads(here("show", old.run(name) / "outputs" / row["output"], "--json").out)
    assert (said["key"], said["kind"]) == (row["key"], row["kind"])


def test_a_taste_scores_as_it_did(old: OldStudio) -> None:
    taste = load_preference_model(old.root / "taste.json")
    scores = {row["output"]: (taste.score(row), row["score"]) for row in made_rows(old.rows("liked"))}
    assert len(scores) == 6
    assert {output: one for output, (one, _) in scores.items()} == pytest.approx(
        {output: other for output, (_, other) in scores.items()}, abs=1e-6
    )


def test_verdicts_of_a_taste_stand(old: OldStudio) -> None:
    before = {row["output"]: (row["status"], row["score"]) for row in old.rows("liked")}
    rows = finalise(Store(old.run("liked")), spec_of(old, "liked")).to_pylist()
    assert {row["output"]: (row["status"], row["score"]) for row in rows} == before


def test_picks_teach_the_same_taste(old: OldStudio) -> None:
    to = old.root / "again.json"
    ended = here("learn-taste", old.root / "picks.csv", "-o", to, "--run", old.run("tonight"))
    assert ended.code == 0, ended.err
    before, after = load_preference_model(old.root / "taste.json"), load_preference_model(to)
    assert (after.kept, after.rejected) == (before.kept, before.rejected)
    assert after.weights == pytest.approx(before.weights, rel=1e-3, abs=1e-3)
