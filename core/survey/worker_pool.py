"""The processes that look at pictures: fed one picture each, watched, and started again when one dies."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any

from core.child_process import ChildProcess
from core.errors import Internal, JobError, NocturneError, TimedOut
from core.survey.worker import Opening, Sight, failed

PATIENCE = 120.0
"""Seconds that one picture may take."""
START_PATIENCE = 120.0
"""Seconds that a process may take until it can look at anything."""
MAX_DEATHS = 2
"""Deaths of a process with one picture in hand after which that picture is blamed."""
MAX_FAILED_STARTS = 3
"""Processes that died before their first picture, in a row, after which there is no point in another."""
WORTH = 6
"""Pictures for which a process is worth its start: in that time one looks at as many of a usual size."""
MOST = 8
"""Processes at most, unless more are asked for: each holds its libraries."""

Row = dict[str, Any]


def usual_processes() -> int:
    """As many as there are cores for this process, at most MOST."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, MOST))


class _Hand:
    """A process and what it has in hand: nothing while it starts, then a picture at a time."""

    def __init__(self, opening: Opening) -> None:
        self.process = ChildProcess("core.survey.worker", env={"OMP_NUM_THREADS": "1"})
        self.process.send(opening)
        self.ready = False
        self.sight: Sight | None = None
        self.since = time.monotonic()

    def give(self, sight: Sight) -> None:
        """Have it look at a picture."""
        self.sight, self.since = sight, time.monotonic()
        self.process.send(sight)

    @property
    def overdue(self) -> bool:
        """Whether it takes too long over what it does."""
        if self.ready and self.sight is None:
            return False
        return time.monotonic() - self.since > (PATIENCE if self.ready else START_PATIENCE)


class Crew:
    """Looks at pictures in `processes` processes. Use it as a context manager, from one thread at a time."""

    def __init__(self, opening: Opening, processes: int) -> None:
        self.stop = threading.Event()
        """Set when no further picture is to be begun."""
        self._opening, self._processes = opening, processes
        self._hands: list[_Hand] = []
        self._deaths: dict[str, int] = {}
        self._stillborn = 0

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            hand.process.kill()
            hand.process.reap()
        self._hands = []

    def look(self, sights: Sequence[Sight]) -> Iterator[Row]:
        """The rows of pictures, in the order in which they are ready; once `stop` is set, of those in hand alone.

        Raises NocturneError if no process can be started, StoreBroken if the folder takes no more files.
        """
        waiting = deque(sights)
        while (waiting and not self.stop.is_set()) or any(hand.sight for hand in self._hands):
            self._feed(waiting)
            heard = set(wait([hand.process.connection for hand in self._hands], timeout=0.5))
            for hand in list(self._hands):
                if hand.process.connection in heard:
                    yield from self._hear(hand, waiting)
                elif hand.overdue:
                    yield from self._end(hand, waiting, late=True)

    def _feed(self, waiting: deque[Sight]) -> None:
        left = len(waiting) + sum(hand.sight is not None for hand in self._hands)
        while len(self._hands) < min(self._processes, math.ceil(left / WORTH)) and not self.stop.is_set():
            self._hands.append(_Hand(self._opening))
        for hand in self._hands:
            if hand.ready and hand.sight is None and waiting and not self.stop.is_set():
                hand.give(waiting.popleft())

    def _hear(self, hand: _Hand, waiting: deque[Sight]) -> Iterator[Row]:
        try:
            told = hand.process.connection.recv()
        except (EOFError, OSError):
            yield from self._end(hand, waiting)
            return
        if isinstance(told, NocturneError):
            raise told
        if hand.ready:
            self._stillborn = 0
            hand.sight = None
            yield told
        hand.ready = True

    def _end(self, hand: _Hand, waiting: deque[Sight], late: bool = False) -> Iterator[Row]:
        """Bury a process that died or is to: its picture is tried once more, or blamed."""
        self._hands.remove(hand)
        if late:
            hand.process.kill()
        death, words = hand.process.reap()
        sight = hand.sight
        if sight is None:
            self._stillborn += 1
            if self._stillborn >= MAX_FAILED_STARTS:
                raise NocturneError(f"no process that looks at pictures can start ({death}): {words or 'no words'}")
            return
        deaths = self._deaths[sight.name] = self._deaths.get(sight.name, 0) + 1
        if late:
            yield _blamed(
                sight, TimedOut(f"{sight.name} took longer than {PATIENCE:.0f} s", "replace it or leave it out.")
            )
        elif deaths >= MAX_DEATHS:
            fault = f"{sight.name} was in hand {deaths} times when the process that looked at it died ({death})"
            yield _blamed(sight, Internal(f"{fault}", "replace it or leave it out, then run the same command again."))
        else:
            waiting.append(sight)


def _blamed(sight: Sight, error: JobError) -> Row:
    return {"asset": sight.name, "asset_sha256": sight.sha256, **failed(error)}
