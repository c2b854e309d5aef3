"""Several threads in one process: groups are made side by side, and nothing is lost or committed too early."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.engine.backend import StepCallback
from core.engine.commit import Committer
from core.engine.cpu_time import CpuTimer
from core.engine.messages import Committed
from core.engine.parallel_executor import ParallelExecutor, SharedLock
from core.engine.stages import Stages
from core.errors import JobError, NotFinite
from core.manifest import manifest
from core.planning.jobs import Job
from core.planning.run_context import RunContext
from core.storage.store import Store
from tests.core.engine.backends import ScribeContext
from tests.core.engine.test_engine import jobs

PATIENCE = 20.0
"""Seconds after which a test gives up."""
PARALLEL = 3


class Company:
    """A backend with several executor. `meanwhile` is called with the name of every asset that is made."""

    engine = versions = "test"
    group, parallel_groups = 1, PARALLEL

    def __init__(self, meanwhile: Callable[[str], None]) -> None:
        self._meanwhile = meanwhile
        self._lock = threading.Lock()
        self.beside: dict[str, int] = {}
        """How many were being made at most while this one was, itself included."""
        self._inside: set[str] = set()

    def open(self, store: Store, context: RunContext) -> None:
        pass

    def decode(self, jobs: Sequence[Job]) -> str:
        return jobs[0].asset

    def needs_all_cores(self, jobs: Sequence[Job], decoded: str) -> bool:
        return decoded.startswith("large")

    def discard(self, decoded: str) -> None:
        pass

    def make(self, jobs: Sequence[Job], decoded: str, report_step: StepCallback) -> str:
        with self._counted(decoded):
            self._meanwhile(decoded)
        if decoded.startswith("bad"):
            raise NotFinite(f"{decoded} diverged.")
        return decoded

    def score(self, jobs: Sequence[Job], made: str) -> str:
        return made

    def write(self, jobs: Sequence[Job], made: str) -> list[dict[str, Any]]:
        return [{"pixels_sha256": "00", "width": 1, "height": 1, "score": 0.5}]

    def flush_outputs(self) -> Mapping[str, JobError]:
        return {}

    @contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        with self._lock:
            self._inside.add(name)
            for each in self._inside:
                self.beside[each] = max(self.beside.get(each, 0), len(self._inside))
        try:
            yield
        finally:
            with self._lock:
                self._inside.discard(name)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "run")


def company(
    store: Store, meanwhile: Callable[[str], None]
) -> tuple[Company, Stages, ParallelExecutor, list[Committed]]:
    backend, committed = Company(meanwhile), list[Committed]()
    stages = Stages(backend, Committer(store, committed.append), ScribeContext(), lambda _: None, CpuTimer())
    return backend, stages, ParallelExecutor(stages, backend), committed


def assets(message: Committed) -> set[str]:
    return {outcome.output.removeprefix("wave/").removesuffix(".png") for outcome in message.outcomes}


def test_as_many_jobs_are_made_at_once_as_there_are_hands(store: Store) -> None:
    together = threading.Barrier(PARALLEL, timeout=PATIENCE)
    backend, _, executor, committed = company(store, lambda _: together.wait() and None)
    for job in jobs(*(f"job{number}" for number in range(2 * PARALLEL))):
        executor.submit((job,))
    executor.finish()
    executor.run()
    assert set(backend.beside.values()) == {PARALLEL}
    rows = manifest.read(store, ["status"])["status"].to_pylist()
    assert rows == ["done"] * 2 * PARALLEL
    assert sum(len(message.outcomes) for message in committed) == 2 * PARALLEL


def test_a_flush_waits_for_what_was_submitted_before_it_and_for_nothing_else(store: Store) -> None:
    later_made, seen = threading.Event(), threading.Event()

    def meanwhile(name: str) -> None:
        if name == "slow":
            assert later_made.wait(PATIENCE)
        if name == "later":
            later_made.set()
        if name == "endless":
            assert seen.wait(PATIENCE)

    _, _, executor, committed = company(store, meanwhile)
    slow, quick, later, endless = jobs("slow", "quick", "later", "endless")
    for before in (slow, quick):
        executor.submit((before,))
    executor.flush()
    for behind in (later, endless):
        executor.submit((behind,))
    thread = threading.Thread(target=executor.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not committed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {"slow", "quick"} <= assets(committed[0]), "committed once both were written"
    assert "endless" not in assets(committed[0]), "and not after what came behind"
    seen.set()
    executor.finish()
    thread.join(PATIENCE)
    assert set().union(*map(assets, committed)) == {"slow", "quick", "later", "endless"}


def test_a_flush_with_nothing_in_hand_commits_at_once(store: Store) -> None:
    _, _, executor, committed = company(store, lambda _: None)
    (job,) = jobs("job")
    executor.submit((job,))
    executor.flush()
    executor.flush()
    executor.finish()
    executor.run()
    assert [assets(message) for message in committed] == [{"job"}]


def test_a_large_picture_is_made_alone(store: Store) -> None:
    backend, _, executor, _ = company(store, lambda _: threading.Event().wait(0.02) and None)
    for job in jobs("a", "b", "large1", "c", "large2", "d", "e", "f"):
        executor.submit((job,))
    executor.finish()
    executor.run()
    assert (backend.beside["large1"], backend.beside["large2"]) == (1, 1)
    assert max(backend.beside.values()) > 1


def test_what_fails_is_a_row_and_the_hand_goes_on(store: Store) -> None:
    _, _, executor, _ = company(store, lambda _: None)
    for job in jobs("bad1", "good1", "bad2", "bad3", "bad4", "good2"):
        executor.submit((job,))
    executor.finish()
    executor.run()
    rows = manifest.read(store, ["asset", "status", "reason"]).to_pylist()
    assert {row["asset"]: (row["status"], row["reason"]) for row in rows} == {
        **dict.fromkeys(("good1", "good2"), ("done", None)),
        **dict.fromkeys(("bad1", "bad2", "bad3", "bad4"), ("failed", "not_finite")),
    }


def test_draining_ends_what_is_in_hand_and_drops_the_rest(store: Store) -> None:
    begun, draining = threading.Barrier(PARALLEL + 1, timeout=PATIENCE), threading.Event()

    def meanwhile(_: str) -> None:
        begun.wait()
        assert draining.wait(PATIENCE)

    _, stages, executor, committed = company(store, meanwhile)
    names = [f"job{number}" for number in range(3 * PARALLEL)]
    for job in jobs(*names):
        executor.submit((job,))
    executor.finish()
    thread = threading.Thread(target=executor.run, daemon=True)
    thread.start()
    begun.wait()
    stages.drain()
    draining.set()
    thread.join(PATIENCE)
    assert set().union(*map(assets, committed)) == set(names[:PARALLEL])


def test_who_wants_all_the_room_goes_before_those_who_come_later() -> None:
    lock, order, first_in = SharedLock(), list[str](), threading.Event()
    leave = threading.Event()

    def one(name: str, wait: threading.Event | None = None) -> None:
        with lock.shared():
            order.append(name)
            first_in.set()
            if wait:
                assert wait.wait(PATIENCE)

    def everything() -> None:
        with lock.exclusive():
            order.append("all")

    threads = [threading.Thread(target=one, args=("first", leave)), threading.Thread(target=everything)]
    threads[0].start()
    assert first_in.wait(PATIENCE)
    threads[1].start()
    while not lock._wanting:
        threading.Event().wait(0.001)
    threads.append(threading.Thread(target=one, args=("later",)))
    threads[2].start()
    leave.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert order == ["first", "all", "later"]
