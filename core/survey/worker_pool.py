"""Worker pool of a survey: processes that annotate one picture at a time, are timed out, and are replaced when one dies."""

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
from core.survey.worker import PictureTask, WorkerSetup, failure_columns

PICTURE_SECONDS = 120.0
"""Seconds that one picture may take."""
START_SECONDS = 120.0
"""Seconds that a process may take until it is ready."""
MAX_CRASHES = 2
"""Crashes of a process with one picture in flight after which that picture is blamed."""
MAX_FAILED_STARTS = 3
"""Processes that died before their first picture, in a row, after which there is no point in another."""
PICTURES_PER_START = 6
"""Pictures for which a process is worth its start: in that time one annotates as many of a usual size."""
MAX_DEFAULT_PROCESSES = 8
"""Processes at most, unless more are asked for: each holds its libraries."""


def default_processes() -> int:
    """As many as there are cores for this process, at most MAX_DEFAULT_PROCESSES."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, MAX_DEFAULT_PROCESSES))


class _Worker:
    """A process and the picture that it has in flight: none while it starts, then one at a time."""

    def __init__(self, setup: WorkerSetup) -> None:
        self.process = ChildProcess("core.survey.worker", env={"OMP_NUM_THREADS": "1"})
        self.process.send(setup)
        self.ready = False
        self.task: PictureTask | None = None
        self.since = time.monotonic()

    def assign(self, task: PictureTask) -> None:
        """Have it annotate a picture."""
        self.task, self.since = task, time.monotonic()
        self.process.send(task)

    @property
    def overdue(self) -> bool:
        """Whether it takes too long over what it does."""
        if self.ready and self.task is None:
            return False
        return time.monotonic() - self.since > (PICTURE_SECONDS if self.ready else START_SECONDS)


class SurveyWorkerPool:
    """Annotates pictures in `processes` processes. Use it as a context manager, from one thread at a time."""

    def __init__(self, setup: WorkerSetup, processes: int) -> None:
        self.stop = threading.Event()
        """Set when no further picture is to be begun."""
        self._setup, self._processes = setup, processes
        self._workers: list[_Worker] = []
        self._crashes: dict[str, int] = {}
        self._failed_starts = 0

    def __enter__(self) -> SurveyWorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.reap()
        self._workers = []

    def annotate(self, tasks: Sequence[PictureTask]) -> Iterator[dict[str, Any]]:
        """The rows of pictures, in the order in which they are ready; once `stop` is set, of those in flight alone.

        Raises NocturneError if no process can be started, StoreBroken if the folder takes no more files.
        """
        queued = deque(tasks)
        while (queued and not self.stop.is_set()) or any(worker.task for worker in self._workers):
            self._feed(queued)
            readable = set(wait([worker.process.connection for worker in self._workers], timeout=0.5))
            for worker in list(self._workers):
                if worker.process.connection in readable:
                    yield from self._receive(worker, queued)
                elif worker.overdue:
                    yield from self._replace(worker, queued, late=True)

    def _feed(self, queued: deque[PictureTask]) -> None:
        left = len(queued) + sum(worker.task is not None for worker in self._workers)
        while (
            len(self._workers) < min(self._processes, math.ceil(left / PICTURES_PER_START)) and not self.stop.is_set()
        ):
            self._workers.append(_Worker(self._setup))
        for worker in self._workers:
            if worker.ready and worker.task is None and queued and not self.stop.is_set():
                worker.assign(queued.popleft())

    def _receive(self, worker: _Worker, queued: deque[PictureTask]) -> Iterator[dict[str, Any]]:
        try:
            answer = worker.process.connection.recv()
        except (EOFError, OSError):
            yield from self._replace(worker, queued)
            return
        if isinstance(answer, NocturneError):
            raise answer
        if worker.ready:
            self._failed_starts = 0
            worker.task = None
            yield answer
        worker.ready = True

    def _replace(self, worker: _Worker, queued: deque[PictureTask], late: bool = False) -> Iterator[dict[str, Any]]:
        """Reap a process that died or is overdue: its picture is queued once more, or blamed."""
        self._workers.remove(worker)
        if late:
            worker.process.kill()
        status, words = worker.process.reap()
        task = worker.task
        if task is None:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                raise NocturneError(f"no process that looks at pictures can start ({status}): {words or 'no words'}")
            return
        crashes = self._crashes[task.name] = self._crashes.get(task.name, 0) + 1
        if late:
            yield _blamed(
                task, TimedOut(f"{task.name} took longer than {PICTURE_SECONDS:.0f} s", "replace it or leave it out.")
            )
        elif crashes >= MAX_CRASHES:
            fault = f"{task.name} was in hand {crashes} times when the process that looked at it died ({status})"
            yield _blamed(task, Internal(f"{fault}", "replace it or leave it out, then run the same command again."))
        else:
            queued.append(task)


def _blamed(task: PictureTask, error: JobError) -> dict[str, Any]:
    return {"asset": task.name, "asset_sha256": task.sha256, **failure_columns(error)}
