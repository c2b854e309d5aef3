"""Jobs that travel through the engine in groups: what is promised of single ones holds of them too."""

import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.engine.job_queue import GROUP_SECONDS, JobQueue
from core.engine.worker_pool import WorkerPool
from core.manifest import manifest
from core.planning.jobs import Job
from core.storage.run_paths import output_path
from core.storage.store import TEMPORARY, Store
from tests.core.engine.group_backends import sizes
from tests.core.engine.test_engine import by_name, jobs, marks, own_cache, store, take_up, worker_of

__all__ = ["own_cache", "store"]

SCRIPTORIUM = "tests.core.engine.group_backends:Scriptorium"


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool("cpu", SCRIPTORIUM)
    pool.start()
    yield pool
    pool.kill()
    pool.close()


def names(count: int) -> list[str]:
    return [f"job{place:02}" for place in range(count)]


def quick(*names: str, seconds: float = 0.01, limit: float = 60.0) -> list[Job]:
    """Jobs that are predicted to be so quick that many of them are a group."""
    return [replace(job, seconds=seconds) for job in jobs(*names, limit=limit)]


def test_jobs_are_made_in_groups_and_committed_together(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 20)
    outcomes, left = pool.make(quick(*names(20)))
    assert (by_name(outcomes), left) == (dict.fromkeys(names(20), "done"), 0)
    assert sizes(store.root) == [8, 8, 4]
    rows = manifest.read(store).to_pylist()
    assert [row["asset"] for row in rows] == names(20)
    assert store.read(output_path("wave/job13.png")) == b"job13"


def test_of_a_group_that_fails_the_job_at_fault_is_found(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 12)
    outcomes, _ = pool.make(
        quick("a", "diverge", "b", "unreadable", "c", "fault", "memory", "unwritten", "unscored", "d", "e")
    )
    expected = {"diverge": "not_finite", "unreadable": "unreadable", "fault": "internal", "memory": "out_of_memory"}
    assert by_name(outcomes) == {
        **dict.fromkeys("abcde", "done"),
        **expected,
        "unwritten": "unreadable",
        "unscored": "not_finite",
    }


def test_a_job_that_kills_workers_is_found_in_its_group(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 12)
    outcomes, _ = pool.make(quick("a", "b", "die-always", "c", *names(8)))
    assert by_name(outcomes) == {**dict.fromkeys([*"abc", *names(8)], "done"), "die-always": "internal"}
    assert marks(store, "make", "die-always") == 3


@pytest.mark.parametrize("where", ["hang-in-decode", "hang-in-make", "hang-in-score"])
def test_a_stuck_job_is_stopped_and_its_group_is_made(pool: WorkerPool, store: Store, where: str) -> None:
    take_up(pool, store, 6)
    outcomes, _ = pool.make(quick("a", "b", where, "c", "d", limit=1.5))
    assert by_name(outcomes) == {**dict.fromkeys("abcd", "done"), where: "timeout"}


def test_stop_finishes_the_group_in_hand_and_leaves_the_rest(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 64, step_seconds=0.01)
    submission = pool._supervisors[0].submit(quick(*names(64)))
    while not marks(store, "make", "job09"):
        time.sleep(0.02)
    pool.stop()
    outcomes = submission.wait()
    assert len(outcomes) in (16, 24, 32)
    assert len(outcomes) + submission.left == 64
    assert manifest.read(store).num_rows == len(outcomes)
    assert store.read("marks/dropped").split()


def test_a_kill_leaves_no_output_without_a_row(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 40, step_seconds=0.003)
    submission = pool._supervisors[0].submit(quick(*names(40)))
    while not marks(store, "write", "job10"):
        time.sleep(0.01)
    worker_of(pool).send_signal(signal.SIGKILL)
    time.sleep(0.1)
    named = {output_path(row["output"]) for row in manifest.read(store).to_pylist()}
    assert set(store.names("outputs")) <= named, "an output gets its name just before its row is committed"
    outcomes = submission.wait()
    assert {outcome.status for outcome in outcomes} == {"done"}
    assert len(outcomes) == 40
    assert store.remove_temporary_files() >= 1
    assert not list(store.root.rglob(f"{TEMPORARY}*"))


def test_a_name_that_is_taken_is_a_row_and_the_group_is_made(pool: WorkerPool, store: Store) -> None:
    (store.root / output_path("wave/b.png")).mkdir(parents=True)
    take_up(pool, store, 3)
    outcomes, _ = pool.make(quick("a", "b", "c"))
    assert by_name(outcomes) == {"a": "done", "b": "storage", "c": "done"}


def grouped(rota: JobQueue) -> list[int]:
    found = []
    while (following := rota.next_group()) is not None:
        found.append(len(following[0]))
    return found


def test_a_group_is_of_one_ticket_and_of_some_seconds() -> None:
    rota = JobQueue()
    rota.group = 100
    rota.add(quick(*names(20), seconds=GROUP_SECONDS / 8))
    rota.add([replace(job, output=f"other/{job.asset}") for job in quick(*names(5))])
    assert grouped(rota) == [8, 8, 4, 5]


def test_a_group_is_a_multiple_of_what_is_made_at_once() -> None:
    rota = JobQueue()
    rota.group, rota.unit = 100, 8
    rota.add(quick(*names(27), seconds=GROUP_SECONDS / 4))
    assert grouped(rota) == [8, 8, 8, 3]


def test_those_of_a_group_that_failed_as_a_whole_go_alone() -> None:
    rota = JobQueue()
    rota.group = 3
    submission = rota.add(quick("a", "b", "c"))
    assert grouped(rota) == [3]
    rota.split_group("wave/a.png")
    assert grouped(rota) == [1]
    for name in "abc":
        rota.finish(f"wave/{name}.png", None)
        rota.next_group()
    assert submission.left == 3
    assert len(rota) == 0
