"""The plan of sampling: outputs, keys, what is made anew, and what is refused before a night."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from core.errors import SpecError
from core.gan.jobs.sample_plan import SampleKeyMaker, make_plan
from core.gan.networks.recipe import SAMPLE_ALGORITHM, SampleRecipe
from core.manifest import manifest
from core.planning.plan_file import begin_night
from core.runs.run_kinds import load_spec
from core.storage.run_paths import SPEC, output_path
from core.storage.store import Store
from tests.core.gan.samples import TINY, checkpoint, spec_of
from tests.golden import golden, sha256


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return checkpoint(tmp_path / "digits.safetensors")


def states(plan: Any) -> dict[int, str]:
    return dict(zip(plan.jobs["seed"].to_pylist(), plan.jobs["state"].to_pylist(), strict=True))


def begun(spec: Any) -> Store:
    """A run in which every job of the spec is done."""
    store, plan = Store(spec.out), make_plan(spec)
    begin_night(store, plan)
    rows = [{**row, "status": "done"} for row in manifest.read(store).to_pylist()]
    manifest.write_part(store, rows)
    for row in rows:
        store.put(output_path(row["output"]), b"a picture")
    return store


def test_a_job_is_a_seed_with_its_place_and_its_columns(tmp_path: Path, file: Path) -> None:
    spec = spec_of(file, tmp_path / "run", "0-2,9", recipe={"format": "webp"})
    plan = make_plan(spec)
    assert plan.jobs["output"].to_pylist() == [f"samples/digits/{seed}.webp" for seed in (0, 1, 2, 9)]
    assert len(set(plan.jobs["key"].to_pylist())) == 4
    assert (plan.summary.total, plan.summary.todo, plan.summary.seeds, plan.summary.shards) == (4, 4, 4, 1)
    assert plan.summary.bytes > 0
    begin_night(Store(spec.out), plan)
    row = manifest.read(Store(spec.out)).to_pylist()[0]
    assert (row["kind"], row["checkpoint"], row["seed"], row["status"]) == ("sample", "digits", 0, "pending")
    assert row["weights"] == plan.context.digest
    assert row["recipe"] == spec.recipe.digest()
    assert (row["asset"], row["style"], row["preset"], row["score"]) == (None, None, None, None)


def test_a_key_is_of_tensors_recipe_and_seed_and_of_nothing_else(tmp_path: Path, file: Path) -> None:
    moved = checkpoint(tmp_path / "elsewhere/other name.safetensors")
    other = checkpoint(tmp_path / "other.safetensors", scale=2.0)

    def keys(path: Path, seeds: str = "5-6", **more: Any) -> list[str]:
        return make_plan(spec_of(path, tmp_path / "run", seeds, **more)).jobs["key"].to_pylist()

    assert keys(file) == keys(moved) == keys(file, "6,5")[::-1]
    for changed in (keys(other), keys(file, recipe={"psi": 0.5}), keys(file, recipe={"lanes": 4})):
        assert not set(changed) & set(keys(file))
    assert keys(file)[0] == SampleKeyMaker(make_plan(spec_of(file, tmp_path, "1")).context.digest, SampleRecipe()).key(
        5
    )
    assert SAMPLE_ALGORITHM == 1, "a change of pixels raises it, and all keys with it"


def test_what_is_done_stands_and_a_changed_recipe_is_made_anew(tmp_path: Path, file: Path) -> None:
    out = tmp_path / "run"
    begun(spec_of(file, out, "0-3"))
    assert states(make_plan(spec_of(file, out, "2-5"))) == {2: "kept", 3: "kept", 4: "todo", 5: "todo"}
    assert set(states(make_plan(spec_of(file, out, "0-3", recipe={"psi": 0.7}))).values()) == {"todo"}
    Store(out).remove(output_path("samples/digits/1.png"))
    assert states(make_plan(spec_of(file, out, "0-2"))) == {0: "kept", 1: "todo", 2: "kept"}


def test_equal_jobs_of_another_run_are_taken_over(tmp_path: Path, file: Path) -> None:
    begun(spec_of(file, tmp_path / "first", "0-3"))
    plan = make_plan(spec_of(file, tmp_path / "second", "2-5", reuse=[str(tmp_path / "first")]))
    assert states(plan) == {2: "adopt", 3: "adopt", 4: "todo", 5: "todo"}


def test_a_limit_counts_seeds(tmp_path: Path, file: Path) -> None:
    assert make_plan(spec_of(file, tmp_path / "run", "0-99", limit=3)).jobs["seed"].to_pylist() == [0, 1, 2]


def test_a_network_without_a_name_is_called_by_its_digest(tmp_path: Path) -> None:
    plan = make_plan(spec_of(checkpoint(tmp_path / "...safetensors"), tmp_path / "run", "1"))
    assert plan.jobs["output"].to_pylist() == [f"samples/{plan.context.digest}/1.png"]


def test_a_spec_file_of_a_run_is_known_by_its_checkpoint(tmp_path: Path, file: Path) -> None:
    spec = spec_of(file, tmp_path / "run", "0-9", recipe={"psi": 0.7}, keep=3, data=str(tmp_path))
    Store(spec.out).put(SPEC, spec.toml().encode())
    assert load_spec(spec.out / SPEC) == spec


def test_classes(tmp_path: Path, file: Path) -> None:
    told_apart = checkpoint(tmp_path / "c.safetensors", TINY.changed({"conditional": True}), ["cat", "dog"])
    assert make_plan(spec_of(told_apart, tmp_path / "run", "1", recipe={"label": 1})).summary.total == 1
    with pytest.raises(SpecError, match="has the classes 0 cat, 1 dog"):
        make_plan(spec_of(told_apart, tmp_path / "run", "1", recipe={"label": 2}))
    with pytest.raises(SpecError, match="does not tell classes apart"):
        make_plan(spec_of(file, tmp_path / "run", "1", recipe={"label": 0}))


class Trap:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('code was run')",))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "does not exist"),
        (b"", "no whole checkpoint"),
        ("cut", "cut off"),
        (pickle.dumps(Trap()), "no whole checkpoint"),
    ],
)
def test_a_checkpoint_that_is_none_is_refused(tmp_path: Path, file: Path, data: bytes | str | None, words: str) -> None:
    spec = spec_of(file, tmp_path / "run", "1")
    whole = file.read_bytes()
    file.unlink() if data is None else file.write_bytes(whole[: len(whole) // 2] if isinstance(data, str) else data)
    with pytest.raises(SpecError, match=words):
        make_plan(spec)
    assert not spec.out.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seeds": "9-3"}, r"`seeds` \(='9-3'\): 9-3 ends before it begins"),
        ({"recipe": {"psi": 3}}, r"`recipe.psi` \(=3\): input should be less than or equal to 2"),
        ({"recipe": {"label": -1}}, "greater than or equal to 0"),
        ({"keep": 5}, "`keep` needs `data`"),
        ({"styles": "x"}, "unknown key `styles`; see `nocturne sample --help`"),
        ({"reuse": ["/nowhere"]}, "reuse /nowhere is not a run folder"),
        ({"keep": 5, "data": "/nowhere"}, "data /nowhere is not a folder"),
    ],
)
def test_a_wrong_spec_is_one_sentence(tmp_path: Path, file: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        spec_of(file, tmp_path / "run", **{"seeds": "1", **change}).check()


def test_keys_of_samples_are_those_of_the_first_version() -> None:
    """They may change with SAMPLE_ALGORITHM alone."""
    samples = golden("keys.json")["samples"]
    assert len(samples) == 40
    for sample in samples:
        recipe = SampleRecipe(**sample.get("changes", {}))
        keys = SampleKeyMaker(sha256(sample["checkpoint"])[:16], recipe)
        assert (recipe.digest(), keys.key(sample["seed"])[:32]) == (sample["recipe"], sample["key"]), sample
