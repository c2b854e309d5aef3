"""Jobs in lanes: the pixels and rows of each are those that it has alone."""

from __future__ import annotations

from typing import Any

import pytest

from core.config.spec import Spec
from core.engine.backend import StepCallback
from core.errors import Changed
from core.images.image import pixels_sha256
from core.planning.plan_file import begin_night, read_shard
from core.runs.run_kinds import RUN_KINDS
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import asset_thumb, output_path, output_thumb, style_thumb
from core.storage.store import Store
from core.stylize.jobs.lane_backend import LaneBackend
from tests.conftest import Studio


@pytest.fixture(scope="module")
def backend() -> LaneBackend:
    return LaneBackend("cpu")


def _jobs(studio: Studio, backend: LaneBackend, lanes: int) -> list[Any]:
    places = {"library": str(studio.library), "catalog": str(studio.catalog), "out": str(studio.out)}
    recipe = {"size": 40, "steps": 3, "coarse_steps": 0, "lanes": lanes}
    plan, store = (
        make_plan(Spec.from_values({**places, "shard_seconds": 3600, "recipe": recipe}, "test")),
        Store(studio.out),
    )
    begin_night(store, plan)
    context = RUN_KINDS["stylize"].context_of(store)
    assert context.unit == lanes
    backend.open(store, context)
    return list(read_shard(store, 0))


def _told(told: list[int]) -> StepCallback:
    return lambda step, _steps, _loss: told.append(step)


def test_a_group_has_the_rows_that_its_jobs_have_alone(studio: Studio, backend: LaneBackend) -> None:
    jobs = _jobs(studio, backend, lanes=3)[:4]
    told: list[int] = []
    together = backend.write(jobs, backend.score(jobs, backend.make(jobs, backend.decode(jobs), _told(told))))
    assert len(told) == 3 * len(jobs)
    for job, row in zip(jobs, together, strict=True):
        (alone,) = backend.write([job], backend.score([job], backend.make([job], backend.decode([job]), _told([]))))
        assert isinstance(row, dict)
        assert isinstance(alone, dict)
        assert row["pixels_sha256"] == alone["pixels_sha256"]
        assert row["losses"] == alone["losses"]
        assert row["score"] == alone["score"]


def test_one_bad_input_fails_the_group_so_that_jobs_are_tried_alone(studio: Studio, backend: LaneBackend) -> None:
    jobs = _jobs(studio, backend, lanes=2)[1:3]
    (studio.library / jobs[1].asset).write_bytes(b"not the planned bytes")
    with pytest.raises(Changed):
        backend.decode(jobs)
    backend.make(jobs[:1], backend.decode(jobs[:1]), _told([]))


def test_pictures_and_small_views_have_their_names_once_they_are_settled(studio: Studio, backend: LaneBackend) -> None:
    jobs, store = _jobs(studio, backend, lanes=1), Store(studio.out)
    taken, other = jobs[0], jobs[1]
    store.path(output_path(taken.output)).mkdir(parents=True)
    for job in jobs[:2]:
        (row,) = backend.write([job], backend.score([job], backend.make([job], backend.decode([job]), _told([]))))
        assert isinstance(row, dict)
    assert not store.exists(output_path(other.output))
    unplaced = backend.flush_outputs()
    assert {name: error.reason for name, error in unplaced.items()} == {taken.output: "storage"}
    assert pixels_sha256(store.read(output_path(other.output))) == row["pixels_sha256"]
    assert all(map(store.exists, (output_thumb(other.output), asset_thumb(other.asset), style_thumb(other.style))))
    assert backend.flush_outputs() == {}
