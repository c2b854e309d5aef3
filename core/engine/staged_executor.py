"""Staged executor: decode ahead, make, score and write behind, in four threads with bounded queues between them.

What travels is a group of jobs; most backends have groups of one.
"""

from __future__ import annotations

import queue
import threading

from core.engine.executor import Executor
from core.engine.messages import Flush
from core.engine.stages import GroupInWork, Stages, run_or_exit

DECODED_AHEAD, SCORED_BEHIND, WRITTEN_BEHIND = 1, 1, 1
"""Groups that wait before the stages that follow a decoding, a making and a scoring."""


class StagedExecutor(Executor):
    """Runs jobs through the stages, each in a thread of its own."""

    def __init__(self, stages: Stages) -> None:
        super().__init__()
        self._stages = stages
        self._decoded: queue.Queue[GroupInWork | Flush | None] = queue.Queue(DECODED_AHEAD)
        self._made: queue.Queue[GroupInWork | Flush | None] = queue.Queue(SCORED_BEHIND)
        self._scored: queue.Queue[GroupInWork | Flush | None] = queue.Queue(WRITTEN_BEHIND)

    def run(self) -> None:
        """Make jobs until there are no more; then everything finished is committed."""
        stages = (self._decode_all, self._score_all, self._write_all)
        threads = [threading.Thread(target=run_or_exit, args=(stage,), daemon=True) for stage in stages]
        for thread in threads:
            thread.start()
        with self._stages.timer.thread():
            while (work := self._decoded.get()) is not None:
                if isinstance(work, GroupInWork):
                    self._stages.make(work)
                self._made.put(work)
            self._made.put(None)
        for thread in threads:
            thread.join()

    def _decode_all(self) -> None:
        with self._stages.timer.thread():
            while (item := self._incoming.get()) is not None:
                work = item if isinstance(item, Flush) else GroupInWork(item)
                if isinstance(work, GroupInWork):
                    self._stages.decode(work)
                self._decoded.put(work)
            self._decoded.put(None)

    def _score_all(self) -> None:
        with self._stages.timer.thread():
            while (work := self._made.get()) is not None:
                if isinstance(work, GroupInWork):
                    self._stages.score(work)
                self._scored.put(work)
            self._scored.put(None)

    def _write_all(self) -> None:
        with self._stages.timer.thread():
            while True:
                try:
                    work = self._scored.get(timeout=1.0)
                except queue.Empty:
                    self._stages.commit_if_due()
                    continue
                if work is None:
                    break
                if isinstance(work, Flush):
                    self._stages.commit()
                else:
                    self._stages.write(work)
            self._stages.commit()
