"""Parallel executor: several threads, each of which takes a group of jobs through all four stages.

For jobs that leave most cores idle: a picture that a small network paints in one pass is too little work to share among
cores, so every core takes pictures of its own. Groups begin in the order in which they came, and end in any.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from core.engine.backend import Backend
from core.engine.executor import Executor
from core.engine.group_intake import GroupIntake
from core.engine.stages import GroupInWork, Stages, run_or_exit

COMMIT_CHECK = 1.0
"""Seconds between two looks at whether rows are due."""


class ParallelExecutor(Executor):
    """Runs groups through the stages, `parallel_groups` of the backend at once."""

    def __init__(self, stages: Stages, backend: Backend) -> None:
        super().__init__()
        self._stages, self._backend = stages, backend
        self.parallel = backend.parallel_groups
        self._intake = GroupIntake(self._incoming, stages)
        self._memory = SharedLock()

    def run(self) -> None:
        """Make jobs until there are no more; then everything finished is committed."""
        threads = [threading.Thread(target=run_or_exit, args=(self._work,), daemon=True) for _ in range(self.parallel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(COMMIT_CHECK)
                self._stages.commit_if_due()
        self._stages.commit()

    def _work(self) -> None:
        with self._stages.timer.thread():
            while (work := self._intake.next()) is not None:
                self._through(work)
                self._intake.finish(work)

    def _through(self, work: GroupInWork) -> None:
        with self._memory.shared():
            self._stages.decode(work)
        exclusive = not work.is_over and self._backend.needs_all_cores(work.jobs, work.payload)
        with self._memory.exclusive() if exclusive else self._memory.shared():
            self._stages.make(work)
            self._stages.score(work)
            self._stages.write(work)


class SharedLock:
    """Shared-exclusive lock: many groups at once, or one that needs every core and much memory."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = self._wanting = 0

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it beside others; who waits for it exclusively goes first."""
        with self._changed:
            self._changed.wait_for(lambda: not self._wanting)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold it with nobody else."""
        with self._changed:
            self._changed.wait_for(lambda: not self._wanting)
            self._wanting += 1
            self._changed.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._changed:
                self._wanting -= 1
                self._changed.notify_all()
