"""Decode ahead, make, write behind: three stages in three threads with bounded queues between them."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core import manifest
from core.engine.clock import Clock
from core.engine.commit import Committer
from core.engine.maker import Maker
from core.engine.messages import Broken, Dropped, Flush, Note, Phase, Progress
from core.errors import Internal, JobError, NocturneError, OutOfMemory, StoreBroken
from core.jobs import Job, planned_columns
from core.layout import printable

DECODED_AHEAD = 1
WRITTEN_BEHIND = 2
TICK_EVERY = 0.4
"""Seconds between two progress messages of a job."""

LONGEST_WORDS = 300
"""Characters of a foreign exception's words that go into a message."""

Tell = Callable[[Any], None]


@dataclass
class Work:
    """A job on its way through the stages."""

    job: Job
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    begun: float = 0.0
    payload: Any = None
    error: JobError | None = None
    dropped: bool = False


def _or_exit(stage: Callable[[], None]) -> None:
    """Run a stage; if it fails as a whole, so does the process: its supervisor starts another."""
    try:
        stage()
    except BaseException:
        traceback.print_exc()
        os._exit(70)


class Abandoned(Exception):
    """The job in hand was given up because nobody waits for it any more."""


class Pipeline:
    """Runs jobs through a maker's stages; `run` works in the calling thread until `finish` or `drain`."""

    def __init__(self, maker: Maker, committer: Committer, run: str, tell: Tell, clock: Clock) -> None:
        self._maker, self._committer, self._run, self._tell, self._clock = maker, committer, run, tell, clock
        self._incoming: queue.Queue[Job | Flush | None] = queue.Queue()
        self._decoded: queue.Queue[Work | Flush | None] = queue.Queue(DECODED_AHEAD)
        self._made: queue.Queue[Work | Flush | None] = queue.Queue(WRITTEN_BEHIND)
        self._draining = threading.Event()
        self._abandon = threading.Event()

    def submit(self, job: Job) -> None:
        """Add a job behind the others."""
        self._incoming.put(job)

    def flush(self) -> None:
        """Commit once the jobs submitted so far are written."""
        self._incoming.put(Flush())

    def finish(self) -> None:
        """Take no more jobs; `run` returns when those submitted are through."""
        self._incoming.put(None)

    def drain(self) -> None:
        """Let the job in hand finish and drop those behind it."""
        self._draining.set()

    def abandon(self) -> None:
        """Give up the job in hand at its next step."""
        self._draining.set()
        self._abandon.set()

    def run(self) -> None:
        """Make jobs until there are no more; then everything finished is committed."""
        stages = (self._decode_all, self._write_all)
        threads = [threading.Thread(target=_or_exit, args=(stage,), daemon=True) for stage in stages]
        for thread in threads:
            thread.start()
        with self._clock.thread():
            while (work := self._decoded.get()) is not None:
                if isinstance(work, Work):
                    self._stage(work, "make", self._make)
                self._made.put(work)
            self._made.put(None)
        for thread in threads:
            thread.join()

    def _decode_all(self) -> None:
        with self._clock.thread():
            while (item := self._incoming.get()) is not None:
                work = item if isinstance(item, Flush) else Work(item)
                if isinstance(work, Work):
                    self._stage(work, "decode", lambda work: self._maker.decode(work.job))
                self._decoded.put(work)
            self._decoded.put(None)

    def _write_all(self) -> None:
        with self._clock.thread():
            while True:
                try:
                    work = self._made.get(timeout=1.0)
                except queue.Empty:
                    self._commit(self._committer.commit_if_due)
                    continue
                if work is None:
                    break
                if isinstance(work, Flush):
                    self._commit(self._committer.commit)
                    continue
                self._stage(work, "write", lambda work: self._maker.write(work.job, work.payload), last=True)
                self._end(work)
            self._commit(self._committer.commit)

    def _make(self, work: Work) -> Any:
        told = 0.0

        def tick(step: int, steps: int, loss: float) -> None:
            nonlocal told
            if self._abandon.is_set():
                raise Abandoned(work.job.output)
            if time.monotonic() - told >= TICK_EVERY:
                told = time.monotonic()
                self._tell(Progress(work.job.output, step, steps, loss))

        return self._maker.make(work.job, work.payload, tick)

    def _stage(self, work: Work, name: str, action: Callable[[Work], Any], last: bool = False) -> None:
        if work.error or work.dropped:
            return
        if self._draining.is_set() and not last:
            work.dropped = True
            return
        self._tell(Phase(work.job.output, name))
        begun = time.monotonic()
        work.begun = work.begun or begun
        try:
            with self._clock.span(name):
                work.payload = action(work)
        except Abandoned:
            work.dropped = True
        except StoreBroken as error:  # no job's fault: all of them wait for another night
            work.dropped = True
            self._give_up_on_store(error)
        except Exception as error:  # whatever a job does, the next one goes on
            work.error = self._as_job_error(error, work.job)
        work.seconds += time.monotonic() - begun
        self._tell(Phase(work.job.output, "wait"))

    def _as_job_error(self, error: Exception, job: Job) -> JobError:
        if isinstance(error, JobError):
            return error
        if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__ or "allocate memory" in str(error):
            return OutOfMemory(f"{job.asset} in {job.style} needs more memory than there is; lower `size`.")
        self._tell(Note("".join(traceback.format_exception(error))))
        words = printable(" ".join(str(error).split()))[:LONGEST_WORDS]
        return Internal(
            f"{job.asset} in {job.style} failed by a fault in Nocturne ({type(error).__name__}: {words}); see log.jsonl."
        )

    def _end(self, work: Work) -> None:
        if work.dropped:
            self._tell(Dropped(work.job.output))
            return
        self._tell(Phase(work.job.output, "finished"))
        row = self._row(work)
        try:
            manifest.table([row])
        except Exception as error:  # what no table can hold must not take others' rows with it
            work.error = self._as_job_error(error, work.job)
            row = self._row(work)
        self._commit(lambda: self._committer.add(row, work.begun))

    def _row(self, work: Work) -> dict[str, Any]:
        made = {} if work.error else work.payload
        return {
            **planned_columns(work.job),
            **made,
            "run": self._run,
            "status": "failed" if work.error else "done",
            "reason": work.error.reason if work.error else None,
            "message": str(work.error) if work.error else None,
            "seconds": work.seconds,
            "engine": self._maker.engine,
            "versions": self._maker.versions,
            "started": work.started,
            "finished": datetime.now(UTC),
        }

    def _commit(self, action: Callable[[], None]) -> None:
        try:
            action()
        except NocturneError as error:
            self._draining.set()
            self._tell(Broken(error))

    def _give_up_on_store(self, error: StoreBroken) -> None:
        """What is finished is committed if there is room for so little; then nothing more is begun."""
        self._draining.set()
        with contextlib.suppress(NocturneError):
            self._committer.commit()
        self._tell(Broken(error))
