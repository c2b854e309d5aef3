"""Making shards without a session: by workers that the process opens for the run."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from core.errors import NocturneError
from core.gan.jobs.sample_plan import make_plan
from core.manifest import manifest
from core.planning.jobs import Job
from core.planning.plan_file import begin_night
from core.runs import shard as shards
from core.runs.shard import close_idle_workers, make_shard
from core.storage.run_paths import SPEC
from core.storage.store import Store
from tests.core.gan.samples import checkpoint, spec_of

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(tmp_path: Path) -> Store:
    """A planned run of four seeds, with nobody who coordinates it."""
    spec = spec_of(checkpoint(tmp_path / "tiny.safetensors"), tmp_path / "run", "0-3")
    store = Store(spec.out)
    plan(store, spec)
    return store


def plan(store: Store, spec: Any) -> None:
    store.put(SPEC, spec.toml().encode())
    begin_night(store, make_plan(spec))


def test_a_process_that_is_given_folder_and_number_alone_makes_the_shard(run: Store) -> None:
    code = f"from core.runs.shard import make_shard; print(make_shard({str(run.root)!r}, 0))"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "done=4, failed={}, left=0" in ended.stdout
    assert [row["status"] for row in manifest.merge(run).to_pylist()] == ["done"] * 4


class Pool:
    """A worker pool that makes nothing."""

    opened: ClassVar[list["Pool"]] = []
    stopping = False

    def __init__(self, devices: str, backend: str) -> None:
        self.devices, self.backend, self.made, self.closed = devices, backend, 0, False
        self.opened.append(self)

    def start(self) -> None:
        pass

    def open(self, store: Store, context: Any, total: int, predicted: float) -> None:
        self.context = context

    def make(self, jobs: list[Job]) -> tuple[list[Any], int]:
        self.made += len(jobs)
        return [], 0

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Pool]]:
    monkeypatch.setattr(shards, "WorkerPool", Pool)
    monkeypatch.setattr(Pool, "opened", [])
    yield Pool.opened
    close_idle_workers()


def test_workers_stay_open_for_further_shards_of_the_run(run: Store, pools: list[Pool]) -> None:
    make_shard(run.root, 0)
    make_shard(run.root, 0)
    (pool,) = pools
    assert (pool.made, pool.closed, pool.devices) == (8, False, "cpu")
    assert pool.context.kind == "sample"


def test_a_plan_of_another_context_gets_other_workers(run: Store, pools: list[Pool], tmp_path: Path) -> None:
    make_shard(run.root, 0)
    plan(run, spec_of(checkpoint(tmp_path / "other.safetensors", scale=2.0), run.root, "0-3"))
    make_shard(run.root, 0)
    assert [pool.closed for pool in pools] == [True, False]


def test_idle_workers_end_after_a_while(run: Store, pools: list[Pool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "IDLE_SECONDS", 0.0)
    make_shard(run.root, 0)
    timer = shards._opened[run.root]._timer if run.root in shards._opened else None
    if timer is not None:
        timer.join(10)
    assert [pool.closed for pool in pools] == [True]


def test_a_pool_that_goes_idle_leaves_the_workers_of_other_runs(
    run: Store, pools: list[Pool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(tmp_path / "tiny.safetensors", tmp_path / "other", "0-3")
    plan(Store(spec.out), spec)
    make_shard(spec.out, 0)
    monkeypatch.setattr(shards, "IDLE_SECONDS", 0.0)
    make_shard(run.root, 0)
    timer = shards._opened[run.root]._timer if run.root in shards._opened else None
    if timer is not None:
        timer.join(10)
    assert [pool.closed for pool in pools] == [False, True]


def test_workers_that_cannot_work_are_not_kept(run: Store, pools: list[Pool], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Pool, jobs: list[Job]) -> Any:
        raise NocturneError("the worker cannot start.")

    with monkeypatch.context() as patch:
        patch.setattr(Pool, "make", broken)
        with pytest.raises(NocturneError, match="cannot start"):
            make_shard(run.root, 0)
    assert make_shard(run.root, 0).left == 0
    assert [pool.closed for pool in pools] == [True, False]
