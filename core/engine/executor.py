"""Executor interface: a queue of groups of jobs that the worker's listener fills and `run` empties."""

from __future__ import annotations

import queue
from abc import ABC, abstractmethod

from core.engine.messages import Flush
from core.planning.jobs import Job


class Executor(ABC):
    """Takes groups from the worker's listener thread; `run` makes them in the calling one until `finish`,
    or until the stages drain.
    """

    parallel = 1
    """Groups that are in work at once."""

    def __init__(self) -> None:
        self._incoming: queue.Queue[tuple[Job, ...] | Flush | None] = queue.Queue()

    def submit(self, jobs: tuple[Job, ...]) -> None:
        """Add a group behind the others."""
        self._incoming.put(jobs)

    def flush(self) -> None:
        """Commit once the jobs submitted so far are written."""
        self._incoming.put(Flush())

    def finish(self) -> None:
        """Take no more jobs; `run` returns when those submitted are through."""
        self._incoming.put(None)

    @abstractmethod
    def run(self) -> None:
        """Make jobs until there are no more; then everything finished is committed."""
