"""A run that is judged again has the scores it had, labels of the scorer that is asked for, and the same pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.config.spec import Spec
from core.errors import SpecError
from core.manifest import manifest
from core.manifest.schema import SCHEMA
from core.networks.classifier_file import file_bytes, read
from core.planning.plan_file import begin_night, read_planned
from core.runs.rescore import rescore
from core.runs.run_kinds import RUN_KINDS
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import OUTPUTS, output_path
from core.storage.store import Store
from core.stylize.jobs.backend import StylizeBackend
from tests.conftest import Studio
from tests.core.networks.test_classifier_file import classifier, written
from tests.core.stylize.conftest import finished
from tests.runs import contents


@pytest.fixture(scope="module")
def backend() -> StylizeBackend:
    return StylizeBackend("cpu")


def spec_of(studio: Studio, **more: Any) -> Spec:
    places = {"library": str(studio.library), "catalog": str(studio.catalog), "out": str(studio.out)}
    return Spec.from_values({**places, "recipe": {"size": 40, "steps": 3, "coarse_steps": 0}, **more}, "test")


def night(spec: Spec, backend: StylizeBackend) -> Store:
    """A night that makes all that is planned."""
    store = Store(spec.out)
    begin_night(store, make_plan(spec))
    backend.open(store, RUN_KINDS["stylize"].context_of(store))
    rows = {row["output"]: row for row in manifest.read(store).to_pylist()}
    for job in read_planned(store):
        columns = backend.write(job, finished(backend, job))
        manifest.write_part(store, [{**rows[job.output], **columns, "status": "done"}])
    manifest.merge(store)
    return store


def scorer_in(folder: Path, **changes: Any) -> Path:
    """A classifier to which nothing is an outlier."""
    one = classifier()
    return written(folder, replace(one, outliers=replace(one.outliers, limit=1e9), **changes))


def test_scores_are_made_again_and_labels_with_them(studio: Studio, backend: StylizeBackend, tmp_path: Path) -> None:
    path = scorer_in(tmp_path, threshold=0.0)
    spec = spec_of(studio, scorer=str(path))
    store = night(spec, backend)
    before, pictures = manifest.read(store).to_pylist(), contents(store.path(OUTPUTS))
    assert {row["label"] for row in before} <= {"cat", "dog"}
    assert {row["scorer"] for row in before} == {read(path).version}
    lost = [{**row, "score": 0.1, "score_content": 0.2, "label": None, "scorer": "old"} for row in before]
    manifest.write_part(store, lost)
    found = rescore(store, spec, str(path))
    assert (found.judged, found.left, found.faults) == (4, 0, [])
    for row, again in zip(before, manifest.read(store).to_pylist(), strict=True):
        for name in ("score", "score_content", "score_style", "probability"):
            assert again[name] == pytest.approx(row[name], abs=1e-4)
        assert {**again, **dict.fromkeys(FLOATS)} == {**row, **dict.fromkeys(FLOATS)}
    assert contents(store.path(OUTPUTS)) == pictures


FLOATS = [each.name for each in SCHEMA if str(each.type) == "float"]


def test_without_a_scorer_labels_stay_and_a_lost_asset_leaves_its_rows(studio: Studio, backend: StylizeBackend) -> None:
    spec = spec_of(studio, include_styles=["wave"])
    store = night(spec, backend)
    rows = manifest.read(store).to_pylist()
    manifest.write_part(store, [{**row, "label": "mine", "score_content": 0.125} for row in rows])
    (studio.library / "cat.jpg").unlink()
    found = rescore(store, spec, None)
    assert (found.judged, len(found.faults)) == (1, 1)
    assert "cat.jpg" in found.faults[0]
    after = {row["asset"]: row for row in manifest.read(store).to_pylist()}
    assert {row["label"] for row in after.values()} == {"mine"}
    assert after["cat.jpg"]["score_content"] == 0.125
    assert after["trip/sea.png"]["score_content"] != 0.125


def test_rows_of_another_plan_stay(studio: Studio, backend: StylizeBackend) -> None:
    store = night(spec_of(studio, include_styles=["wave"], include=["cat.jpg"]), backend)
    spec = spec_of(studio, include_styles=["wave"], include=["trip/*"])
    begin_night(store, make_plan(spec))
    found = rescore(store, spec, None)
    assert (found.judged, found.left) == (0, 1)
    assert store.path(output_path("wave/cat.jpg.png")).is_file()


def test_a_spec_with_a_wrong_scorer_is_refused(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="There is no classifier file"):
        spec_of(studio, scorer=str(tmp_path / "none.safetensors")).check()
    with pytest.raises(SpecError, match="must be the name of a classifier"):
        spec_of(studio, scorer="../genres")
    (tmp_path / "bad.safetensors").write_bytes(file_bytes(classifier())[:-5])
    with pytest.raises(SpecError, match="cut off"):
        spec_of(studio, scorer=str(tmp_path / "bad.safetensors")).check()
