"""Decode ahead, make, score and write behind: four stages in four threads with bounded queues between them.

What travels is a group of jobs; most makers have groups of one.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core import manifest
from core.engine.clock import Clock
from core.engine.commit import Committer
from core.engine.maker import GroupMaker, Made
from core.engine.messages import Broken, Dropped, Flush, Note, Phase, Progress, Split
from core.errors import Internal, JobError, NocturneError, OutOfMemory, StoreBroken
from core.jobs import Job, planned_columns
from core.layout import printable
from core.memory import ran_out

DECODED_AHEAD, SCORED_BEHIND, WRITTEN_BEHIND = 1, 1, 1
"""Groups that wait before the stages that follow a decoding, a making and a scoring."""
TICK_EVERY = 0.4
"""Seconds between two progress messages of a job."""

LONGEST_WORDS = 300
"""Characters of a foreign exception's words that go into a message."""

Tell = Callable[[Any], None]


@dataclass
class Work:
    """A group of jobs on its way through the stages. `seconds` is of all of them; `split` says that it failed as a whole."""

    jobs: tuple[Job, ...]
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    begun: float = 0.0
    payload: Any = None
    error: JobError | None = None
    dropped: bool = False
    split: bool = False

    @property
    def name(self) -> str:
        """What messages call the group: its first job's output."""
        return self.jobs[0].output

    @property
    def is_over(self) -> bool:
        """Whether no further stage is to see it."""
        return bool(self.error or self.dropped or self.split)


def _or_exit(stage: Callable[[], None]) -> None:
    """Run a stage; if it fails as a whole, so does the process: its supervisor starts another."""
    try:
        stage()
    except BaseException:
        traceback.print_exc()
        os._exit(70)


class Abandoned(Exception):
    """The group in hand was given up because nobody waits for it any more."""


class Pipeline:
    """Runs jobs through a maker's stages; `run` works in the calling thread until `finish` or `drain`."""

    def __init__(self, maker: GroupMaker, committer: Committer, run: str, tell: Tell, clock: Clock) -> None:
        self._maker, self._committer, self._run, self._tell, self._clock = maker, committer, run, tell, clock
        self._incoming: queue.Queue[tuple[Job, ...] | Flush | None] = queue.Queue()
        self._decoded: queue.Queue[Work | Flush | None] = queue.Queue(DECODED_AHEAD)
        self._made: queue.Queue[Work | Flush | None] = queue.Queue(SCORED_BEHIND)
        self._scored: queue.Queue[Work | Flush | None] = queue.Queue(WRITTEN_BEHIND)
        self._draining = threading.Event()
        self._abandon = threading.Event()

    def submit(self, jobs: tuple[Job, ...]) -> None:
        """Add a group behind the others."""
        self._incoming.put(jobs)

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
        stages = (self._decode_all, self._score_all, self._write_all)
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
                    self._stage(work, "decode", lambda work: self._maker.decode(work.jobs))
                self._decoded.put(work)
            self._decoded.put(None)

    def _score_all(self) -> None:
        with self._clock.thread():
            while (work := self._made.get()) is not None:
                if isinstance(work, Work):
                    self._stage(work, "score", lambda work: self._maker.score(work.jobs, work.payload), begun=True)
                self._scored.put(work)
            self._scored.put(None)

    def _write_all(self) -> None:
        with self._clock.thread():
            while True:
                try:
                    work = self._scored.get(timeout=1.0)
                except queue.Empty:
                    self._commit(self._committer.commit_if_due)
                    continue
                if work is None:
                    break
                if isinstance(work, Flush):
                    self._commit(self._committer.commit)
                    continue
                self._stage(work, "write", lambda work: self._maker.write(work.jobs, work.payload), begun=True)
                self._end(work)
            self._commit(self._committer.commit)

    def _make(self, work: Work) -> Any:
        told = 0.0

        def tick(step: int, steps: int, loss: float) -> None:
            nonlocal told
            if self._abandon.is_set():
                raise Abandoned(work.name)
            if time.monotonic() - told >= TICK_EVERY:
                told = time.monotonic()
                self._tell(Progress(work.name, step, steps, loss))

        return self._maker.make(work.jobs, work.payload, tick)

    def _stage(self, work: Work, name: str, action: Callable[[Work], Any], begun: bool = False) -> None:
        """Take a group through a stage, unless it is over; one that is not `begun` is dropped once the pipeline drains."""
        if work.is_over:
            return
        if self._draining.is_set() and not begun:
            work.dropped = True
            if work.payload is not None:
                self._maker.drop(work.payload)
            return
        self._tell(Phase(work.name, name))
        entered = time.monotonic()
        work.begun = work.begun or entered
        try:
            with self._clock.span(name):
                work.payload = action(work)
        except Abandoned:
            work.dropped = True
        except StoreBroken as error:  # no job's fault: all of them wait for another night
            work.dropped = True
            self._give_up_on_store(error)
        except Exception as error:  # whatever a job does, the next one goes on
            work.split = len(work.jobs) > 1
            if not work.split:
                work.error = self._as_job_error(error, work.jobs[0])
        work.seconds += time.monotonic() - entered
        self._tell(Phase(work.name, "wait"))

    def _as_job_error(self, error: Exception, job: Job) -> JobError:
        if isinstance(error, JobError):
            return error
        if ran_out(error):
            return OutOfMemory(f"{job.subject} needs more memory than there is; {job.remedy.rpartition('or ')[2]}.")
        self._tell(Note("".join(traceback.format_exception(error))))
        words = printable(" ".join(str(error).split()))[:LONGEST_WORDS]
        return Internal(
            f"{job.subject} failed by a fault in Nocturne ({type(error).__name__}: {words}); see log.jsonl."
        )

    def _end(self, work: Work) -> None:
        if work.dropped or work.split:
            self._tell(Dropped(work.name) if work.dropped else Split(work.name))
            return
        self._tell(Phase(work.name, "finished"))
        made: Sequence[Made] = [work.error] if work.error else work.payload
        now = datetime.now(UTC)
        rows = [self._row(work, job, each, now) for job, each in zip(work.jobs, made, strict=True)]
        try:
            table = manifest.table(rows)
        except Exception:  # what no table can hold must not take others' rows with it
            table = manifest.table(self._held(work, row, job) for row, job in zip(rows, work.jobs, strict=True))
        self._commit(lambda: self._committer.add(table, work.begun))

    def _held(self, work: Work, row: dict[str, Any], job: Job) -> dict[str, Any]:
        """The row, or one that says why no table can hold it."""
        try:
            manifest.table([row])
        except Exception as error:
            return self._row(work, job, self._as_job_error(error, job), row["finished"])
        return row

    def _row(self, work: Work, job: Job, made: Made, now: datetime) -> dict[str, Any]:
        error = made if isinstance(made, JobError) else None
        return {
            **planned_columns(job),
            **({} if isinstance(made, JobError) else made),
            "run": self._run,
            "status": "failed" if error else "done",
            "reason": error.reason if error else None,
            "message": str(error) if error else None,
            "seconds": work.seconds / len(work.jobs),
            "engine": self._maker.engine,
            "versions": self._maker.versions,
            "started": work.started,
            "finished": now,
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
