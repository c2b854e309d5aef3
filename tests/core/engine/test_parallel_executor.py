"""Several hands in one process: groups are made side by side, and nothing is lost or committed too early."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.engine.backend import Tick
from core.engine.commit import Committer
from core.engine.cpu_time import Clock
from core.engine.messages import Committed
from core.engine.parallel_executor import Hands, Room
from core.engine.stages import Stages
from core.errors import JobError, NotFinite
from core.manifest import manifest
from core.planning.jobs import Job
from core.storage.store import Store
from tests.core.engine.test_engine import jobs

PATIENCE = 20.0
"""Seconds after which a test gives up."""
HANDS = 3


class Company:
    """A maker with several hands. `meanwhile` is called with the name of every asset that is made."""

    engine = versions = "test"
    group, hands = 1, HANDS

    def __init__(self, meanwhile: Callable[[str], None]) -> None:
        self._meanwhile = meanwhile
        self._lock = threading.Lock()
        self.beside: dict[str, int] = {}
        """How many were being made at most while this one was, itself included."""
        self._inside: set[str] = set()

    def open(self, store: Store, context: dict[str, Any]) -> None:
        pass

    def decode(self, jobs: Sequence[Job]) -> str:
        return jobs[0].asset

    def alone(self, jobs: Sequence[Job], decoded: str) -> bool:
        return decoded.startswith("large")

    def drop(self, decoded: str) -> None:
        pass

    def make(self, jobs: Sequence[Job], decoded: str, tick: Tick) -> str:
        with self._counted(decoded):
            self._meanwhile(decoded)
        if decoded.startswith("bad"):
            raise NotFinite(f"{decoded} diverged.")
        return decoded

    def score(self, jobs: Sequence[Job], made: str) -> str:
        return made

    def write(self, jobs: Sequence[Job], made: str) -> list[dict[str, Any]]:
        return [{"pixels_sha256": "00", "width": 1, "height": 1, "score": 0.5}]

    def settle(self) -> Mapping[str, JobError]:
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


def company(store: Store, meanwhile: Callable[[str], None]) -> tuple[Company, Stages, Hands, list[Committed]]:
    maker, told = Company(meanwhile), list[Committed]()
    stages = Stages(maker, Committer(store, told.append), "run", lambda _: None, Clock())
    return maker, stages, Hands(stages, maker), told


def assets(message: Committed) -> set[str]:
    return {outcome.output.removeprefix("wave/").removesuffix(".png") for outcome in message.outcomes}


def test_as_many_jobs_are_made_at_once_as_there_are_hands(store: Store) -> None:
    together = threading.Barrier(HANDS, timeout=PATIENCE)
    maker, _, hands, told = company(store, lambda _: together.wait() and None)
    for job in jobs(*(f"job{number}" for number in range(2 * HANDS))):
        hands.submit((job,))
    hands.finish()
    hands.run()
    assert set(maker.beside.values()) == {HANDS}
    rows = manifest.read(store, ["status"])["status"].to_pylist()
    assert rows == ["done"] * 2 * HANDS
    assert sum(len(message.outcomes) for message in told) == 2 * HANDS


def test_a_flush_waits_for_what_was_submitted_before_it_and_for_nothing_else(store: Store) -> None:
    later_made, committed = threading.Event(), threading.Event()

    def meanwhile(name: str) -> None:
        if name == "slow":
            assert later_made.wait(PATIENCE)
        if name == "later":
            later_made.set()
        if name == "endless":
            assert committed.wait(PATIENCE)

    _, _, hands, told = company(store, meanwhile)
    slow, quick, later, endless = jobs("slow", "quick", "later", "endless")
    for before in (slow, quick):
        hands.submit((before,))
    hands.flush()
    for behind in (later, endless):
        hands.submit((behind,))
    thread = threading.Thread(target=hands.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not told and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {"slow", "quick"} <= assets(told[0]), "committed once both were written"
    assert "endless" not in assets(told[0]), "and not after what came behind"
    committed.set()
    hands.finish()
    thread.join(PATIENCE)
    assert set().union(*map(assets, told)) == {"slow", "quick", "later", "endless"}


def test_a_flush_with_nothing_in_hand_commits_at_once(store: Store) -> None:
    _, _, hands, told = company(store, lambda _: None)
    (job,) = jobs("job")
    hands.submit((job,))
    hands.flush()
    hands.flush()
    hands.finish()
    hands.run()
    assert [assets(message) for message in told] == [{"job"}]


def test_a_large_picture_is_made_alone(store: Store) -> None:
    maker, _, hands, _ = company(store, lambda _: threading.Event().wait(0.02) and None)
    for job in jobs("a", "b", "large1", "c", "large2", "d", "e", "f"):
        hands.submit((job,))
    hands.finish()
    hands.run()
    assert (maker.beside["large1"], maker.beside["large2"]) == (1, 1)
    assert max(maker.beside.values()) > 1


def test_what_fails_is_a_row_and_the_hand_goes_on(store: Store) -> None:
    _, _, hands, _ = company(store, lambda _: None)
    for job in jobs("bad1", "good1", "bad2", "bad3", "bad4", "good2"):
        hands.submit((job,))
    hands.finish()
    hands.run()
    rows = manifest.read(store, ["asset", "status", "reason"]).to_pylist()
    assert {row["asset"]: (row["status"], row["reason"]) for row in rows} == {
        **dict.fromkeys(("good1", "good2"), ("done", None)),
        **dict.fromkeys(("bad1", "bad2", "bad3", "bad4"), ("failed", "not_finite")),
    }


def test_draining_ends_what_is_in_hand_and_drops_the_rest(store: Store) -> None:
    begun, draining = threading.Barrier(HANDS + 1, timeout=PATIENCE), threading.Event()

    def meanwhile(_: str) -> None:
        begun.wait()
        assert draining.wait(PATIENCE)

    _, stages, hands, told = company(store, meanwhile)
    names = [f"job{number}" for number in range(3 * HANDS)]
    for job in jobs(*names):
        hands.submit((job,))
    hands.finish()
    thread = threading.Thread(target=hands.run, daemon=True)
    thread.start()
    begun.wait()
    stages.drain()
    draining.set()
    thread.join(PATIENCE)
    assert set().union(*map(assets, told)) == set(names[:HANDS])


def test_who_wants_all_the_room_goes_before_those_who_come_later() -> None:
    room, order, first_in = Room(), list[str](), threading.Event()
    leave = threading.Event()

    def one(name: str, wait: threading.Event | None = None) -> None:
        with room.for_one():
            order.append(name)
            first_in.set()
            if wait:
                assert wait.wait(PATIENCE)

    def everything() -> None:
        with room.for_all():
            order.append("all")

    threads = [threading.Thread(target=one, args=("first", leave)), threading.Thread(target=everything)]
    threads[0].start()
    assert first_in.wait(PATIENCE)
    threads[1].start()
    while not room._wanting:
        threading.Event().wait(0.001)
    threads.append(threading.Thread(target=one, args=("later",)))
    threads[2].start()
    leave.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert order == ["first", "all", "later"]
