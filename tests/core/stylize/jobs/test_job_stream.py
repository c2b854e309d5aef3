"""Jobs as a GPU makes them, here on the CPU: walked together as they come, with the rows that they are to have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.config.spec import Spec
from core.engine.commit import Committer
from core.engine.cpu_time import CpuTimer
from core.engine.executor import Executor
from core.engine.staged_executor import StagedExecutor
from core.engine.stages import Stages
from core.engine.streamed_executor import StreamedExecutor
from core.manifest import manifest
from core.planning.plan_file import begin_night, read_shard
from core.runs.run_kinds import RUN_KINDS
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import output_path
from core.storage.store import Store
from core.stylize.jobs.lane_backend import LaneBackend
from core.stylize.optimise.batched import run_batches
from core.stylize.optimise.batched.lane_count import LaneCount
from tests.conftest import Studio
from tests.core.stylize.networks import seeded_file
from tests.core.stylize.optimise.batched.test_run_batches import lanes

SIZES = ((40, 30), (30, 40), (40, 30), (40, 40), (40, 30))


@pytest.fixture
def studio(studio: Studio) -> Studio:
    for number, size in enumerate(SIZES):
        studio.picture(f"library/p{number}.png", 20 + number, size)
    return studio


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "network.safetensors"
    path.write_bytes(seeded_file(["a", "b"]))
    return path


def _night(studio: Studio, **fields: Any) -> tuple[Store, list[Any]]:
    places = {"library": str(studio.library), "catalog": str(studio.catalog), "out": str(studio.out)}
    plan = make_plan(Spec.from_values({**places, "shard_seconds": 3600, **fields}, "test"))
    store = Store(studio.out)
    begin_night(store, plan)
    return store, list(read_shard(store, 0))


def _made(
    studio: Studio, count: LaneCount | None, spoil: Callable[[LaneBackend], None] = lambda _: None, **fields: Any
) -> dict[str, dict[str, Any]]:
    """The rows of a night, by output, with the pixels of what was made; by a stream where lanes are given."""
    store, jobs = _night(studio, **fields)
    context = RUN_KINDS["stylize"].context_of(store)
    backend = LaneBackend("cpu")
    backend._backend.lanes = count
    backend.open(store, context)
    spoil(backend)
    stages = Stages(
        backend, Committer(store, lambda _: None, backend.flush_outputs), context, lambda _: None, CpuTimer()
    )
    executor: Executor = StagedExecutor(stages)
    if count is not None:
        assert backend.stream is not None
        assert backend.stream.groups == run_batches.WINDOW * count.most
        executor = StreamedExecutor(stages, backend, backend.stream)
    for job in jobs:
        executor.submit((job,))
    executor.finish()
    executor.run()
    rows = {row["output"]: row for row in manifest.read(store).to_pylist()}
    assert len(rows) == len(jobs)
    for output, row in rows.items():
        if row["status"] == "done":
            row["pixels"] = np.asarray(Image.open(store.path(output_path(output)))).astype(float)
    return rows


def _elsewhere(studio: Studio) -> Studio:
    studio.out = studio.out.with_name("elsewhere")
    return studio


RECIPE = {"size": 40, "steps": 6, "precision": "float32", "patience": 0}


def test_a_stream_makes_what_single_jobs_make_and_says_with_how_many_lanes(studio: Studio) -> None:
    alone = _made(studio, None, recipe=RECIPE)
    together = _made(_elsewhere(studio), lanes(4), recipe=RECIPE)
    assert together.keys() == alone.keys()
    for output, row in together.items():
        assert row["status"] == alone[output]["status"] == "done"
        assert row["engine"] == f"{alone[output]['engine']} lanes-4"
        assert row["key"] == alone[output]["key"]
        assert len(row["losses"]) == len(alone[output]["losses"])
        assert np.abs(row["pixels"] - alone[output]["pixels"]).mean() < 2
        assert row["score"] == pytest.approx(alone[output]["score"], abs=0.02)


def test_two_nights_have_the_same_bits(studio: Studio) -> None:
    first = _made(studio, lanes(4), recipe=RECIPE)
    second = _made(_elsewhere(studio), lanes(4), recipe=RECIPE)
    assert {output: row["pixels_sha256"] for output, row in first.items()} == {
        output: row["pixels_sha256"] for output, row in second.items()
    }


@pytest.mark.parametrize("preset", ["fast", "polish"])
def test_one_pass_is_painted_together_and_polished_in_lanes(studio: Studio, network: Path, preset: str) -> None:
    steps = {} if preset == "fast" else {"steps": 4, "patience": 0}
    fields = {"preset": preset, "recipe": {"size": 40, "network": str(network), "precision": "float32", **steps}}
    alone = _made(studio, None, **fields)
    together = _made(_elsewhere(studio), lanes(4), **fields)
    assert {row["status"] for row in together.values()} == {"done"}
    for output, row in together.items():
        assert row["engine"].endswith(" lanes-4")
        assert np.abs(row["pixels"] - alone[output]["pixels"]).mean() < 2


def test_a_picture_that_cannot_be_made_is_a_row_and_the_others_are_made(studio: Studio) -> None:
    def spoil(backend: LaneBackend) -> None:
        (studio.library / "p1.png").write_bytes(b"not the planned bytes")

    rows = _made(studio, lanes(4), spoil, recipe=RECIPE)
    failed = {row["asset"]: row["reason"] for row in rows.values() if row["status"] == "failed"}
    assert failed == {"p1.png": "changed"}


@pytest.mark.parametrize("preset", ["good", "fast"])
def test_where_memory_runs_short_lanes_are_halved_for_good(
    studio: Studio, network: Path, monkeypatch: pytest.MonkeyPatch, preset: str
) -> None:
    count = lanes(4)

    def limited(backend: LaneBackend) -> None:
        one_pass, walk = backend._backend.painted_in_one_pass, run_batches.LaneBatch.step

        def paint(jobs: Any, *given: Any) -> Any:
            if count.most > 2:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return one_pass(jobs, *given)

        def step(batch: run_batches.LaneBatch) -> None:
            if batch.lanes > 2:
                raise RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")
            walk(batch)

        monkeypatch.setattr(backend._backend, "painted_in_one_pass", paint)
        monkeypatch.setattr(run_batches.LaneBatch, "step", step)

    recipe = RECIPE if preset == "good" else {"size": 40, "network": str(network)}
    rows = _made(studio, count, limited, preset=preset, recipe=recipe)
    assert {row["status"] for row in rows.values()} == {"done"}
    assert {row["engine"].rpartition(" ")[2] for row in rows.values()} == {"lanes-2"}
