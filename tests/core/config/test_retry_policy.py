"""The gate: which further tries a plan has, and what rows and files say of pictures that score too low."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from core.config.preference_model import PreferenceModel
from core.config.retry_policy import WEAKER, is_low, parse_gate
from core.config.spec import Spec
from core.engine.copy_jobs import copy_equal_jobs
from core.errors import SpecError
from core.images import image
from core.manifest import manifest
from core.planning.plan_file import begin_night
from core.planning.planner import Plan
from core.runs.finalise import finalise
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import output_path, output_thumb, rejected_path
from core.storage.store import Store
from tests.conftest import Studio

GOOD = {"score_content": 1.0, "score_style": 0.8, "score_quality": 1.0, "score_coherence": 1.0}


def test_a_gate_is_read() -> None:
    assert parse_gate("reject").retakes == ()
    assert [each.seed_step for each in parse_gate("seed:3").retakes] == [1, 2, 3]
    assert [each.strength for each in parse_gate("strength:2").retakes] == [WEAKER, WEAKER**2]
    assert [each.preset for each in parse_gate("preset:good, best").retakes] == ["good", "best"]


@pytest.mark.parametrize(
    "wrong", ["", "seed", "seed:0", "seed:99", "seed:x", "preset:", "preset:nicest", "luck:3", "reject:1"]
)
def test_a_gate_that_means_nothing_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"must be|is no preset"):
        parse_gate(wrong)


def test_a_gate_needs_a_least_score(studio: Studio) -> None:
    with pytest.raises(ValidationError, match="min_score"):
        plain(studio, gate="seed:2")
    assert not is_low(None, 0.5)
    assert not is_low(0.5, 0.5)
    assert not is_low(0.1, None)


def plain(studio: Studio, **more: Any) -> Spec:
    """One asset in one style."""
    places = {"library": studio.library, "catalog": studio.catalog, "out": studio.out}
    return Spec(**places, include=["cat.jpg"], include_styles=["wave"], **more)


def gated(studio: Studio, **more: Any) -> Spec:
    return plain(studio, **{"min_score": 0.5, "gate": "seed:2", **more})


def night(studio: Studio, spec: Spec, style_reached: float) -> Plan:
    """A night that makes what is planned, each picture with this score."""
    store, plan = Store(spec.out), make_plan(spec)
    begin_night(store, plan)
    rows = [row for row in plan.jobs.to_pylist() if row["state"] == "todo"]
    made = [row for row in manifest.read(store).to_pylist() if row["output"] in {each["output"] for each in rows}]
    for row in made:
        store.put(output_path(row["output"]), b"picture")
        store.put(output_thumb(row["output"]), b"view")
        parts = {**GOOD, "score_style": style_reached}
        row |= {**parts, "score": style_reached, "status": "done"}
    manifest.write_part(store, made)
    finalise(store, spec)
    return plan


def rows_of(spec: Spec) -> list[dict[str, Any]]:
    rows = manifest.read(Store(spec.out)).to_pylist()
    return sorted(rows, key=lambda row: (row["retry_of"] or row["output"], row["attempt"]))


def test_each_try_is_a_job_of_its_own_until_one_passes(studio: Studio) -> None:
    spec = gated(studio)
    assert night(studio, spec, 0.2).summary.todo == 1
    assert night(studio, spec, 0.3).summary.todo == 1
    assert night(studio, spec, 0.7).summary.todo == 1
    assert make_plan(spec).summary.todo == 0
    first, second, third = rows_of(spec)
    assert [row["status"] for row in (first, second, third)] == ["rejected", "rejected", "done"]
    assert [row["attempt"] for row in (first, second, third)] == [1, 2, 3]
    assert [row["best"] for row in (first, second, third)] == [False, False, True]
    assert {row["retry_of"] for row in (second, third)} == {first["output"]}
    assert [row["seed"] for row in (first, second, third)] == [0, 1, 2]
    assert len({row["key"] for row in (first, second, third)}) == 3
    assert first["reason"] == "low_score"
    assert "min_score 0.5" in first["message"]
    store = Store(spec.out)
    assert store.exists(rejected_path(first["output"]))
    assert not store.exists(output_path(first["output"]))
    assert store.exists(output_path(third["output"]))


def test_no_try_follows_the_last_or_one_that_passed(studio: Studio) -> None:
    spec = gated(studio, gate="strength:1")
    night(studio, spec, 0.6)
    assert make_plan(spec).summary.todo == 0
    spec = gated(studio, min_score=0.9, gate="strength:1")
    assert night(studio, spec, 0.7).summary.todo == 1
    assert make_plan(spec).summary.todo == 0
    assert [row["best"] for row in rows_of(spec)] == [False, True]
    assert {row["status"] for row in rows_of(spec)} == {"rejected"}


def test_what_was_rejected_comes_back_when_less_is_asked_for(studio: Studio) -> None:
    night(studio, gated(studio, gate="reject"), 0.2)
    for spec, status in ((gated(studio, gate="reject", min_score=0.1), "done"), (plain(studio), "done")):
        plan = night(studio, spec, 0.0)
        assert plan.summary.todo == 0
        (row,) = rows_of(spec)
        assert (row["status"], row["reason"]) == (status, None)
        assert Store(spec.out).exists(output_path(row["output"]))


def test_other_weights_score_anew_without_a_pixel(studio: Studio) -> None:
    night(studio, gated(studio, gate="reject"), 0.6)
    spec = gated(studio, gate="reject", score_weights={"style": 3})
    assert night(studio, spec, 0.0).summary.todo == 0
    (row,) = rows_of(spec)
    assert row["score"] == pytest.approx(0.6**3)
    assert row["status"] == "rejected"
    before = manifest.read(Store(spec.out))
    assert finalise(Store(spec.out), spec).equals(before)


def test_variants_and_their_tries_have_seeds_of_their_own(studio: Studio) -> None:
    spec = gated(studio, variants=2, gate="seed:1")
    night(studio, spec, 0.1)
    night(studio, spec, 0.1)
    assert sorted(row["seed"] for row in rows_of(spec)) == [0, 1, 2, 3]


def test_another_preset_has_its_own_recipe_and_style_changes(studio: Studio) -> None:
    spec = gated(studio, gate="preset:gatys", recipe={"size": 48})
    plan = night(studio, spec, 0.1)
    night(studio, spec, 0.1)
    first, second = rows_of(spec)
    assert (first["preset"], second["preset"]) == ("good", "gatys")
    recipes = plan.context.recipes
    assert set(recipes) == {first["recipe"], second["recipe"]}
    assert {recipe.size for recipe in recipes.values()} == {48}


def test_what_failed_waits_for_another_night(studio: Studio) -> None:
    spec = gated(studio)
    store, plan = Store(spec.out), make_plan(spec)
    begin_night(store, plan)
    (row,) = manifest.read(store).to_pylist()
    manifest.write_part(store, [{**row, "status": "failed", "reason": "storage"}])
    assert make_plan(spec, again=True).summary.todo == 0
    assert make_plan(spec).summary.todo == 1


def test_a_taste_scores_in_place_of_the_weights(studio: Studio) -> None:
    night(studio, gated(studio, gate="reject"), 0.6)
    taste = PreferenceModel(
        mean=[0] * 36, scale=[1] * 36, weights=[0, 2, *[0] * 34], bias=-2, kept=9, rejected=9, rank=0.8
    )
    file = studio.root / "taste.json"
    file.write_text(taste.model_dump_json())
    store, spec = Store(studio.out), gated(studio, gate="reject", taste=file)
    (row,) = manifest.read(store).to_pylist()
    manifest.write_part(store, [{**row, "traits": [0.0] * 32}])
    finalise(store, spec)
    (row,) = rows_of(spec)
    assert row["score"] == pytest.approx(1 / (1 + math.exp(2 - 1.2)))
    assert row["status"] == "rejected"


def test_a_twin_of_an_asset_is_copied_and_tried_again_for_itself(studio: Studio) -> None:
    """Equal jobs are made once, whatever the gate says of them, and each row names its own first try."""
    (studio.library / "twin.jpg").write_bytes((studio.library / "cat.jpg").read_bytes())
    spec = gated(studio, gate="seed:1").model_copy(update={"include": ["cat.jpg", "twin.jpg"]})
    store = Store(spec.out)
    for _ in range(2):
        plan = make_plan(spec)
        assert (plan.summary.todo, plan.summary.copy) == (1, 1)
        begin_night(store, plan)
        (todo,) = [row["output"] for row in plan.jobs.to_pylist() if row["state"] == "todo"]
        (made,) = [row for row in manifest.read(store).to_pylist() if row["output"] == todo]
        picture = studio.picture("made.png", plan.summary.total).read_bytes()
        store.put(output_path(todo), picture)
        scored = {**GOOD, "score_style": 0.1, "score": 0.1, "pixels_sha256": image.pixels_sha256(picture)}
        manifest.write_part(store, [{**made, **scored, "status": "done"}])
        copy_equal_jobs(store, "run")
        finalise(store, spec)
    rows = rows_of(spec)
    assert [(row["asset"], row["attempt"], row["retry_of"] is None) for row in rows] == [
        ("cat.jpg", 1, True),
        ("cat.jpg", 2, False),
        ("twin.jpg", 1, True),
        ("twin.jpg", 2, False),
    ]
    assert rows[3]["retry_of"] == rows[2]["output"]
    assert {row["status"] for row in rows} == {"rejected"}
    assert all(store.exists(rejected_path(row["output"])) for row in rows)
    assert make_plan(spec).summary.work == 0


def test_what_a_further_try_needs_must_be_there_from_the_beginning(studio: Studio) -> None:
    spec = gated(studio, gate="preset:fast", recipe={"network": str(studio.root / "gone.safetensors")})
    with pytest.raises(SpecError, match=r"gone\.safetensors"):
        make_plan(spec)
