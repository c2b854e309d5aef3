"""Planning a night: what is made, what stands, what is taken over."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.config.spec import Spec
from core.engine.copy_jobs import copy_equal_jobs
from core.errors import SpecError
from core.images import image
from core.manifest import manifest
from core.planning.cost_model import CostModel
from core.planning.plan_file import begin_night, read_context, read_shard
from core.planning.planner import Plan
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import output_path
from core.storage.store import Store
from tests.conftest import Studio


def spec_of(studio: Studio, **changes: Any) -> Spec:
    values = {"library": studio.library, "catalog": studio.catalog, "out": studio.out, **changes}
    return Spec.from_values(
        {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}, "test"
    )


def planned(studio: Studio, retry: bool = False, **changes: Any) -> Plan:
    return make_plan(spec_of(studio, **changes), retry)


def states(plan: Plan) -> dict[str, str]:
    return dict(zip(plan.jobs["output"].to_pylist(), plan.jobs["state"].to_pylist(), strict=True))


def picture_of(key: str) -> image.Picture:
    """A pixel for a key."""
    return image.Picture(np.frombuffer(bytes.fromhex(key[:6]), np.uint8).reshape(1, 1, 3))


def make(studio: Studio, plan: Plan, fail: str | None = None, reason: str = "unreadable") -> Store:
    """Pretend that a night made the plan, all but what `fail` matches."""
    store = Store(studio.out)
    begin_night(store, plan)
    rows = []
    for shard in range(plan.summary.shards):
        for job in read_shard(store, shard):
            failed = fail is not None and fail in job.output
            picture = picture_of(job.key)
            if not failed:
                store.put(output_path(job.output), image.encode(picture, "png"))
            rows.append(
                {
                    "output": job.output,
                    "key": job.key,
                    "asset": job.asset,
                    "style": job.style,
                    "status": "failed" if failed else "done",
                    "reason": reason if failed else None,
                    "attempt": job.attempt,
                    "pixels_sha256": None if failed else image.pixels_sha256(picture),
                }
            )
    if rows:
        manifest.write_part(store, rows)
    copy_equal_jobs(store, store.root.name)
    manifest.merge(store)
    return store


ALL = {"night/cat.jpg.png", "night/trip/sea.png.png", "wave/cat.jpg.png", "wave/trip/sea.png.png"}


def test_a_first_night_makes_everything(studio: Studio) -> None:
    plan = planned(studio)
    assert states(plan) == dict.fromkeys(ALL, "todo")
    assert plan.summary.todo == plan.summary.total == 4
    assert plan.summary.seconds > 0
    assert not studio.out.exists()


def test_the_second_night_makes_what_is_new(studio: Studio) -> None:
    make(studio, planned(studio))
    assert planned(studio).summary.done == 4
    studio.picture("library/dog.jpg", 7)
    fresh = {name for name, state in states(planned(studio)).items() if state == "todo"}
    assert fresh == {"night/dog.jpg.png", "wave/dog.jpg.png"}


def test_a_changed_asset_style_or_recipe_is_made_anew_and_nothing_else(studio: Studio) -> None:
    make(studio, planned(studio))
    studio.picture("library/cat.jpg", 8)
    assert {name for name, state in states(planned(studio)).items() if state == "todo"} == {
        "night/cat.jpg.png",
        "wave/cat.jpg.png",
    }
    (studio.catalog / "catalog.toml").write_text('[styles.wave]\nfile = "wave.png"\n[styles.wave.recipe]\nsteps = 9\n')
    assert [name for name, state in states(planned(studio)).items() if state == "kept"] == ["night/trip/sea.png.png"]


def test_a_touched_but_equal_file_changes_nothing(studio: Studio) -> None:
    make(studio, planned(studio))
    os.utime(studio.library / "cat.jpg", (1, 1))
    assert planned(studio).summary.done == 4


def test_an_output_that_was_deleted_is_made_again(studio: Studio) -> None:
    store = make(studio, planned(studio))
    store.remove(output_path("wave/cat.jpg.png"))
    assert {name for name, state in states(planned(studio)).items() if state == "todo"} == {"wave/cat.jpg.png"}


def test_an_output_without_a_row_is_made_again(studio: Studio) -> None:
    store = make(studio, planned(studio))
    store.put(output_path("wave/new.jpg.png"), b"stray")
    studio.picture("library/new.jpg", 12)
    assert states(planned(studio))["wave/new.jpg.png"] == "todo"


def test_a_failed_job_stays_failed_until_its_file_changes_or_retry(studio: Studio) -> None:
    make(studio, planned(studio), fail="wave/cat")
    plan = planned(studio)
    assert states(plan)["wave/cat.jpg.png"] == "kept"
    assert (plan.summary.work, plan.summary.kept, plan.summary.done) == (0, 1, 3)
    again = planned(studio, retry=True)
    assert {name for name, state in states(again).items() if state == "todo"} == {"wave/cat.jpg.png"}
    assert again.jobs.filter(manifest.pc.equal(again.jobs["state"], "todo"))["attempt"].to_pylist() == [2]
    studio.picture("library/cat.jpg", 9)
    assert states(planned(studio))["wave/cat.jpg.png"] == "todo"


def test_a_passing_reason_is_tried_three_nights(studio: Studio) -> None:
    for attempt in (1, 2, 3):
        plan = planned(studio)
        row = next(row for row in plan.jobs.to_pylist() if row["output"] == "wave/cat.jpg.png")
        assert (row["state"], row["attempt"]) == ("todo", attempt)
        make(studio, plan, fail="wave/cat", reason="timeout")
    assert states(planned(studio))["wave/cat.jpg.png"] == "kept"


def test_retry_makes_failed_jobs_alone(studio: Studio) -> None:
    make(studio, planned(studio), fail="wave/cat")
    studio.picture("library/new.jpg", 12)
    found = states(planned(studio, retry=True))
    assert found["wave/cat.jpg.png"] == "todo"
    assert found["wave/new.jpg.png"] == "waiting"


def test_bad_files_fail_their_own_jobs_before_anything_is_made(studio: Studio) -> None:
    (studio.library / "text.png").write_text("hello")
    (studio.library / "empty.jpg").touch()
    (studio.library / "raw.nef").write_bytes(b"x")
    (studio.library / "gone.jpg").symlink_to(studio.root / "catalog/wave.png")
    (studio.catalog / "bad.jpg").write_bytes(b"\xff\xd8rubbish")
    store = make(studio, planned(studio))
    rows = {row["output"]: row for row in manifest.read(store).to_pylist()}
    reasons = {name: row["reason"] for name, row in rows.items() if row["reason"]}
    for style in ("wave", "night", "bad"):
        assert reasons[f"{style}/text.png.png"] == reasons[f"{style}/empty.jpg.png"] == "unreadable"
        assert reasons[f"{style}/raw.nef.png"] == reasons[f"{style}/gone.jpg.png"] == "unsupported"
    assert reasons["bad/cat.jpg.png"] == "unreadable"
    assert "bad.jpg" in rows["bad/cat.jpg.png"]["message"]
    assert rows["wave/cat.jpg.png"]["status"] == "done"
    assert planned(studio).summary.work == 0


def test_the_pixel_limit(studio: Studio) -> None:
    plan = planned(studio, max_megapixels=0.0015)
    rows = [row for row in plan.jobs.to_pylist() if row["asset"] == "cat.jpg"]
    assert {row["state"] for row in rows} == {"todo"}
    tight = planned(studio, max_megapixels=0.001)
    assert {row["reason"] for row in tight.jobs.to_pylist()} == {"too_large"}


def test_equal_pictures_are_made_once_and_copied(studio: Studio) -> None:
    (studio.library / "twin.jpg").write_bytes((studio.library / "cat.jpg").read_bytes())
    plan = planned(studio)
    assert (plan.summary.todo, plan.summary.copy) == (4, 2)
    store = make(studio, plan)
    rows = {row["output"]: row for row in manifest.read(store).to_pylist()}
    assert rows["wave/twin.jpg.png"]["status"] == "done"
    assert rows["wave/twin.jpg.png"]["asset"] == "twin.jpg"
    assert store.read(output_path("wave/twin.jpg.png")) == store.read(output_path("wave/cat.jpg.png"))
    assert planned(studio).summary.done == 6


def test_a_copy_of_a_failed_job_fails_with_it(studio: Studio) -> None:
    (studio.library / "twin.jpg").write_bytes((studio.library / "cat.jpg").read_bytes())
    store = make(studio, planned(studio), fail="cat.jpg", reason="not_finite")
    assert {row["reason"] for row in manifest.read(store).to_pylist() if row["asset"] == "twin.jpg"} == {"not_finite"}
    assert all(
        "twin.jpg has the same content as cat.jpg" in row["message"]
        for row in manifest.read(store).to_pylist()
        if row["asset"] == "twin.jpg"
    )


def test_equal_jobs_do_not_share_a_failure_of_the_place(studio: Studio) -> None:
    (studio.library / "twin.jpg").write_bytes((studio.library / "cat.jpg").read_bytes())
    store = make(studio, planned(studio), fail="cat.jpg", reason="storage")
    assert {row["status"] for row in manifest.read(store).to_pylist() if row["asset"] == "twin.jpg"} == {"pending"}
    again = {row["output"]: row for row in planned(studio).jobs.to_pylist()}
    assert again["wave/cat.jpg.png"]["state"] == again["wave/twin.jpg.png"]["state"] == "todo"
    assert states_of(make(studio, planned(studio), fail="cat.jpg", reason="storage"))["wave/twin.jpg.png"] == "done"


def test_a_renamed_asset_takes_its_pictures_along(studio: Studio) -> None:
    make(studio, planned(studio))
    (studio.library / "cat.jpg").rename(studio.library / "lion.jpg")
    plan = planned(studio)
    assert (plan.summary.todo, plan.summary.adopt, plan.summary.done) == (0, 2, 2)
    store = make(studio, plan)
    assert states_of(store)["wave/lion.jpg.png"] == "done"


def states_of(store: Store) -> dict[str, str]:
    return {row["output"]: row["status"] for row in manifest.read(store).to_pylist()}


def test_reuse_takes_over_what_another_run_made(studio: Studio) -> None:
    first = make(studio, planned(studio))
    studio.out = studio.root / "second"
    plan = planned(studio, reuse=[str(first.root)])
    assert (plan.summary.todo, plan.summary.adopt) == (0, 4)
    second = make(studio, plan)
    assert states_of(second) == dict.fromkeys(ALL, "done")
    first.remove(output_path("wave/cat.jpg.png"))
    studio.out = studio.root / "third"
    assert planned(studio, reuse=[str(first.root)]).summary.todo == 1


def test_what_was_altered_is_not_taken_over(studio: Studio) -> None:
    first = make(studio, planned(studio))
    first.put(output_path("wave/cat.jpg.png"), image.encode(picture_of("000000"), "png"))
    studio.out = studio.root / "second"
    second = make(studio, planned(studio, reuse=[str(first.root)]))
    rows = {row["output"]: row for row in manifest.read(second).to_pylist()}
    assert states_of(second) == {**dict.fromkeys(ALL, "done"), "wave/cat.jpg.png": "failed"}
    assert rows["wave/cat.jpg.png"]["reason"] == "changed"
    assert "nocturne verify" in rows["wave/cat.jpg.png"]["message"]
    assert not second.exists(output_path("wave/cat.jpg.png"))


def test_another_run_cannot_hand_over_what_lies_outside_it(studio: Studio, tmp_path: Path) -> None:
    first = make(studio, planned(studio))
    private = tmp_path / "private.png"
    private.write_bytes(first.read(output_path("wave/cat.jpg.png")))
    first.path(output_path("wave/cat.jpg.png")).unlink()
    first.path(output_path("wave/cat.jpg.png")).symlink_to(private)
    studio.out = studio.root / "second"
    second = make(studio, planned(studio, reuse=[str(first.root)]))
    assert states_of(second)["wave/cat.jpg.png"] == "failed"
    assert not second.exists(output_path("wave/cat.jpg.png"))


def test_rows_of_the_past_stay_with_their_pictures(studio: Studio) -> None:
    store = make(studio, planned(studio))
    store.remove(output_path("wave/cat.jpg.png"))
    (studio.library / "cat.jpg").unlink()
    make(studio, planned(studio))
    assert states_of(store).keys() == ALL - {"wave/cat.jpg.png"}


def test_an_artwork_that_does_not_decode_is_told_with_the_plan(studio: Studio) -> None:
    whole = studio.picture("catalog/torn.png", 8, (90, 90))
    whole.write_bytes(whole.read_bytes()[:900])
    plan = planned(studio)
    assert {row["reason"] for row in plan.jobs.to_pylist() if row["style"] == "torn"} == {"unreadable"}
    (problem,) = plan.problems
    assert "style torn cannot be used" in problem
    assert "torn.png" in problem


def test_limit_and_variants(studio: Studio) -> None:
    assert planned(studio, limit=3).summary.total == 3
    plan = planned(studio, variants=3)
    assert plan.summary.total == 12
    assert set(states(plan)) >= ALL
    assert sorted(set(plan.jobs["seed"].to_pylist())) == [0, 1, 2]
    assert len(set(plan.jobs["key"].to_pylist())) == 12


def test_more_variants_leave_the_first_ones(studio: Studio) -> None:
    make(studio, planned(studio, variants=2))
    assert planned(studio, variants=3).summary.done == 8


def test_the_order_of_styles_and_assets_does_not_change_keys(studio: Studio) -> None:
    before = dict(zip(*(planned(studio).jobs[name].to_pylist() for name in ("output", "key")), strict=True))
    studio.picture("library/aaa.jpg", 20)
    studio.picture("catalog/aaa.png", 21)
    after = dict(zip(*(planned(studio).jobs[name].to_pylist() for name in ("output", "key")), strict=True))
    assert before.items() <= after.items()


def test_shards_are_of_about_equal_predicted_length(studio: Studio) -> None:
    for number in range(20):
        studio.picture(f"library/p{number}.png", 100 + number)
    plan = make_plan(spec_of(studio, shard_seconds=51), cost=CostModel(rates={"auto": 1e-12}, overhead=10.0))
    shards = plan.jobs["shard"].to_pylist()
    assert plan.summary.shards == 9
    assert shards == sorted(shards)
    assert max(shards.count(shard) for shard in set(shards)) == 5


def test_what_is_in_the_run_folder_is_what_was_planned(studio: Studio) -> None:
    plan = planned(studio)
    store = Store(studio.out)
    begin_night(store, plan)
    jobs = [job for shard in range(plan.summary.shards) for job in read_shard(store, shard)]
    assert [job.output for job in jobs] == plan.jobs["output"].to_pylist()
    context = read_context(store)
    assert {job.style for job in jobs} <= set(context["styles"])
    assert {job.recipe for job in jobs} == set(context["recipes"])


def test_another_backbone_says_which_weights_to_put_where(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(studio.root))
    with pytest.raises(SpecError, match=r"Put resnet50-0676ba61\.pth at .*/hub/checkpoints/resnet50-0676ba61\.pth"):
        planned(studio, recipe={"backbone": "resnet50"})


def test_a_styles_layers_must_be_those_of_the_specs_backbone(studio: Studio) -> None:
    (studio.catalog / "catalog.toml").write_text(
        '[styles.wave]\nfile = "wave.png"\nrecipe = {style_layers = ["layer1_0"]}\n'
    )
    with pytest.raises(
        SpecError, match=r"style 'wave': `style_layers` .*no layer 'layer1_0' in VGG-19, which has relu1_1"
    ):
        planned(studio)


def test_an_empty_library_is_a_wrong_spec(studio: Studio) -> None:
    for name in ("cat.jpg", "trip/sea.png"):
        (studio.library / name).unlink()
    with pytest.raises(SpecError, match="has no picture to use"):
        planned(studio)


def test_an_artwork_too_small_to_show_a_stroke_fails_its_own_jobs(studio: Studio) -> None:
    studio.picture("catalog/stamp.png", 5, (90, 31))
    rows = planned(studio).jobs.to_pylist()
    assert {row["style"]: row["state"] for row in rows} == {"night": "todo", "wave": "todo", "stamp": "failed"}
    failed = next(row for row in rows if row["style"] == "stamp")
    assert failed["reason"] == "unsupported"
    assert "stamp.png is 90x31 pixels: an artwork needs 32 at least" in failed["message"]
