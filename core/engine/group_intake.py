"""Intake of an executor of several threads: who takes which group, and when what was sent before a flush is through."""

from __future__ import annotations

import queue
import threading

from core.engine.messages import Flush
from core.engine.stages import GroupInWork, Stages
from core.planning.jobs import Job

Incoming = queue.Queue[tuple[Job, ...] | Flush | None]


class GroupIntake:
    """Hands groups out in the order in which they came. A flush commits once all groups before it have finished."""

    def __init__(self, incoming: Incoming, stages: Stages) -> None:
        self._incoming, self._stages = incoming, stages
        self._taking, self._lock = threading.Lock(), threading.Lock()
        self._open: set[int] = set()
        self._flushes: list[set[int]] = []

    def next(self) -> GroupInWork | None:
        """The next group, counted as open; None when there are no more."""
        with self._taking:
            while True:
                item = self._incoming.get()
                if item is None:
                    self._incoming.put(None)  # for the other threads
                    return None
                if isinstance(item, Flush):
                    self._flush_after_open()
                    continue
                work = GroupInWork(item)
                with self._lock:
                    self._open.add(id(work))
                return work

    def finish(self, work: GroupInWork) -> None:
        """A group is through: commit if that was the last one that a flush waited for."""
        with self._lock:
            self._open.discard(id(work))
            for waiting in self._flushes:
                waiting.discard(id(work))
            due = not all(self._flushes)
            self._flushes = [waiting for waiting in self._flushes if waiting]
        if due:
            self._stages.commit()

    def _flush_after_open(self) -> None:
        with self._lock:
            waits = bool(self._open)
            if waits:
                self._flushes.append(set(self._open))
        if not waits:
            self._stages.commit()
