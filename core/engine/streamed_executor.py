"""Streamed executor: a pool that reads ahead, one thread that makes many groups together, a pool that judges and writes.

For a device that is full only with many pictures at once, such as a GPU, beside cores that have to decode and encode for it.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Protocol

from core.engine.backend import Backend, StepCallback, StreamBackend, StreamedGroup, StreamSize
from core.engine.executor import Executor
from core.engine.group_intake import GroupIntake
from core.engine.stages import GroupInWork, Stages, run_or_exit

COMMIT_CHECK = 1.0
"""Seconds between two looks at whether rows are due."""


class _Both(Backend, StreamBackend, Protocol):
    """A backend that has a stream."""


class StreamedExecutor(Executor):
    """Runs groups through a backend's stream. Groups begin in the order in which they came, and end in any.

    Seconds that go by while a group is being made are shared by all that are: a row says what its picture cost.
    """

    def __init__(self, stages: Stages, backend: _Both, size: StreamSize) -> None:
        super().__init__()
        self._stages, self._backend, self._size = stages, backend, size
        self.parallel = size.groups // 2 + 2 * size.threads
        self._intake = GroupIntake(self._incoming, stages)
        self._held = HeldBytes(size.bytes)
        self._decoded: queue.Queue[GroupInWork | None] = queue.Queue()
        self._made: queue.Queue[GroupInWork | None] = queue.Queue()
        self._streaming: dict[int, GroupInWork] = {}
        self._shared_until = 0.0
        self._is_over = False

    def run(self) -> None:
        """Make jobs until there are no more; then everything finished is committed."""
        readers = [threading.Thread(target=run_or_exit, args=(self._decode_all,), daemon=True) for _ in self._pool()]
        writers = [threading.Thread(target=run_or_exit, args=(self._finish_all,), daemon=True) for _ in self._pool()]
        closing = threading.Thread(target=run_or_exit, args=(lambda: self._close_after(readers),), daemon=True)
        for thread in (*readers, *writers, closing):
            thread.start()
        with self._stages.timer.thread(), self._stages.timer.span("make"):
            while not self._is_over:
                self._make_all()
        for _ in writers:
            self._made.put(None)
        for thread in writers:
            thread.join()
        self._stages.commit()

    def take(self, wait: bool) -> StreamedGroup | None:
        """See GroupSource."""
        while not self._is_over:
            try:
                work = self._decoded.get(block=wait)
            except queue.Empty:
                return None
            if work is None:
                self._is_over = True
            elif self._stages.enter_stream(work):
                self._share_time()
                self._streaming[id(work)] = work
                return work
            else:
                self._made.put(work)
        return None

    def report_step(self, group: StreamedGroup) -> StepCallback:
        """See GroupSource."""
        return self._stages.reporter(self._streaming[id(group)])

    def give(self, group: StreamedGroup, made: object) -> None:
        """See GroupSource."""
        self._share_time()
        work = self._streaming.pop(id(group))
        self._stages.leave_stream(work, made)
        self._made.put(work)

    def _make_all(self) -> None:
        """Make groups until there are no more, or an error has ended all that were being made."""
        try:
            self._backend.make_stream(self)
        except Exception as error:
            works = list(self._streaming.values())
            self._streaming.clear()
            self._stages.fail_stream(works, error)
            for work in works:
                self._made.put(work)

    def _share_time(self) -> None:
        now = time.monotonic()
        for work in self._streaming.values():
            work.seconds += (now - self._shared_until) / len(self._streaming)
        self._shared_until = now

    def _pool(self) -> range:
        return range(self._size.threads)

    def _decode_all(self) -> None:
        with self._stages.timer.thread():
            while (work := self._intake.next()) is not None:
                self._held.wait_for_room()
                self._stages.decode(work)
                if not work.is_over:
                    self._held.add(id(work), self._backend.held_bytes(work.payload))
                self._decoded.put(work)

    def _close_after(self, readers: list[threading.Thread]) -> None:
        for thread in readers:
            thread.join()
        self._decoded.put(None)

    def _finish_all(self) -> None:
        with self._stages.timer.thread():
            while True:
                try:
                    work = self._made.get(timeout=COMMIT_CHECK)
                except queue.Empty:
                    self._stages.commit_if_due()
                    continue
                if work is None:
                    return
                self._stages.score(work)
                self._stages.write(work)
                self._held.remove(id(work))
                self._intake.finish(work)


class HeldBytes:
    """Memory that decoded groups take until they are written: who would decode more waits while there is too much."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._held: dict[int, int] = {}

    def wait_for_room(self) -> None:
        """Wait until less than the most is held."""
        with self._changed:
            self._changed.wait_for(lambda: sum(self._held.values()) < self._most)

    def add(self, key: int, count: int) -> None:
        """Count what a group takes."""
        with self._changed:
            self._held[key] = count

    def remove(self, key: int) -> None:
        """Count it no more."""
        with self._changed:
            self._held.pop(key, None)
            self._changed.notify_all()
