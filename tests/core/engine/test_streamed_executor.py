"""Jobs that are made together in a stream: what is promised of single ones holds of them too."""

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from core.engine.streamed_executor import HeldBytes
from core.engine.worker_pool import WorkerPool
from core.manifest import manifest
from core.storage.run_paths import output_path
from core.storage.store import Store
from tests.core.engine.stream_backends import TOGETHER
from tests.core.engine.test_engine import by_name, marks, own_cache, store, take_up, worker_of
from tests.core.engine.test_group_backends import names, quick

__all__ = ["own_cache", "store"]


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool("cpu", "tests.core.engine.stream_backends:StreamOfScribe")
    pool.start()
    yield pool
    pool.kill()
    pool.close()


def test_jobs_are_made_several_at_a_time_and_share_the_seconds(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 24, step_seconds=0.003)
    begun = time.monotonic()
    outcomes, left = pool.make(quick(*names(24)))
    assert (by_name(outcomes), left) == (dict.fromkeys(names(24), "done"), 0)
    assert max(map(int, store.read("marks/together").split())) == TOGETHER
    rows = manifest.read(store).to_pylist()
    assert sorted(row["asset"] for row in rows) == names(24)
    assert 24 * 10 * 0.003 <= sum(row["seconds"] for row in rows) <= 2 * (time.monotonic() - begun)
    assert store.read(output_path("wave/job13.png")) == b"job13"


def test_what_fails_is_a_row_and_the_others_are_made(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 12)
    outcomes, _ = pool.make(quick("a", "diverge", "b", "unreadable", "c", "fault", "memory", "unwritten", "d"))
    assert by_name(outcomes) == {
        **dict.fromkeys("abcd", "done"),
        "diverge": "not_finite",
        "unreadable": "unreadable",
        "fault": "internal",
        "memory": "out_of_memory",
        "unwritten": "unreadable",
    }


def test_a_job_that_kills_workers_is_found_in_the_stream(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 12)
    outcomes, _ = pool.make(quick("a", "b", "die-always", "c", *names(8)))
    assert by_name(outcomes) == {**dict.fromkeys([*"abc", *names(8)], "done"), "die-always": "internal"}
    assert marks(store, "make", "die-always") == 3


def test_a_device_that_fails_once_costs_no_job(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 10)
    outcomes, _ = pool.make(quick("a", "break-device", *names(8)))
    assert by_name(outcomes) == dict.fromkeys(["a", "break-device", *names(8)], "done")


@pytest.mark.parametrize("where", ["hang-in-decode", "hang-in-make", "hang-in-score"])
def test_a_stuck_job_is_stopped_and_the_others_are_made(pool: WorkerPool, store: Store, where: str) -> None:
    take_up(pool, store, 6)
    outcomes, _ = pool.make(quick("a", "b", where, "c", "d", limit=1.5))
    assert by_name(outcomes) == {**dict.fromkeys("abcd", "done"), where: "timeout"}


def test_stop_finishes_what_was_begun_and_leaves_the_rest(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 64, step_seconds=0.01)
    submission = pool._supervisors[0].submit(quick(*names(64)))
    while not marks(store, "make", "job05"):
        time.sleep(0.02)
    pool.stop()
    outcomes = submission.wait()
    assert 6 <= len(outcomes) <= 6 + 2 * TOGETHER
    assert len(outcomes) + submission.left == 64
    assert manifest.read(store).num_rows == len(outcomes)


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


def test_who_reads_ahead_waits_while_too_much_is_held() -> None:
    held, read = HeldBytes(100), list[int]()

    def read_three() -> None:
        for number in range(3):
            held.wait_for_room()
            read.append(number)
            held.add(number, 60)

    thread = threading.Thread(target=read_three, daemon=True)
    thread.start()
    time.sleep(0.1)
    assert read == [0, 1]
    held.remove(0)
    thread.join(5)
    assert read == [0, 1, 2]
