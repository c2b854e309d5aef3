"""Stages of a group of jobs: decode, make, score, write; errors become rows, rows go to the committer."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from core.engine.backend import Backend, JobResult, StepCallback
from core.engine.commit import Committer
from core.engine.cpu_time import CpuTimer
from core.engine.messages import CannotWork, DeviceFault, Dropped, Note, Phase, Progress, Split
from core.errors import Internal, JobError, NocturneError, OutOfMemory, StoreBroken
from core.manifest import manifest
from core.networks.device_faults import is_device_fault
from core.networks.memory import is_out_of_memory
from core.planning.jobs import Job, planned_columns
from core.planning.run_context import RunContext
from core.safe_text import printable

PROGRESS_EVERY = 0.4
"""Seconds between two progress messages of a job."""

FAULT_STATUS = 70
"""Exit status of a worker that cannot go on (EX_SOFTWARE of sysexits.h)."""

LONGEST_WORDS = 300
"""Characters of a foreign exception's words that go into a message."""

Send = Callable[[Any], None]


@dataclass
class GroupInWork:
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


def run_or_exit(stage: Callable[[], None]) -> None:
    """Run a stage; if it fails as a whole, so does the process: its supervisor starts another."""
    try:
        stage()
    except BaseException:
        traceback.print_exc()
        os._exit(FAULT_STATUS)


class Abandoned(Exception):
    """The group in work was given up because nobody waits for it any more."""


class Stages:
    """Calls a backend's stages, keeps time, and turns errors into rows. As thread-safe as the backend."""

    def __init__(
        self, backend: Backend, committer: Committer, context: RunContext, send: Send, timer: CpuTimer
    ) -> None:
        self._backend, self._committer, self._context, self._send = backend, committer, context, send
        self.timer = timer
        self._draining = threading.Event()
        self._abandon = threading.Event()

    def drain(self) -> None:
        """Let groups in work finish and drop those behind them."""
        self._draining.set()

    def abandon(self) -> None:
        """Give up groups in work at their next step."""
        self._draining.set()
        self._abandon.set()

    def decode(self, work: GroupInWork) -> None:
        """Read what a group needs."""
        self._stage(work, "decode", lambda work: self._backend.decode(work.jobs))

    def make(self, work: GroupInWork) -> None:
        """Compute a group that was read."""
        self._stage(work, "make", self._make)

    def score(self, work: GroupInWork) -> None:
        """Judge a group that was made, also while the night stops."""
        self._stage(work, "score", lambda work: self._backend.score(work.jobs, work.payload), begun=True)

    def write(self, work: GroupInWork) -> None:
        """Write a group that was judged, also while the night stops, and take its rows to be committed."""
        self._stage(work, "write", lambda work: self._backend.write(work.jobs, work.payload), begun=True)
        self._end(work)

    def commit(self) -> None:
        """Commit what is finished."""
        self._commit(self._committer.commit)

    def commit_if_due(self) -> None:
        """Commit what is finished if a kill would cost too much by now."""
        self._commit(self._committer.commit_if_due)

    def enter_stream(self, work: GroupInWork) -> bool:
        """Whether a group that was read is to be made together with others; it is dropped once the pipeline drains."""
        if self._draining.is_set() and not work.is_over:
            self._drop_decoded(work)
        if work.is_over:
            return False
        self._send(Phase(work.name, "make"))
        return True

    def leave_stream(self, work: GroupInWork, made: Any) -> None:
        """Take what was made of a group, or the JobError that says why nothing was."""
        failed = isinstance(made, JobError)
        work.split = failed and len(work.jobs) > 1
        work.error = made if failed and not work.split else None
        work.payload = made
        self._send(Phase(work.name, "wait"))

    def fail_stream(self, works: Sequence[GroupInWork], error: Exception) -> None:
        """Take an error that ended the making of several groups: which is at fault shows when each is made alone."""
        if is_device_fault(error):
            self._end_process(works, error)
        for work in works:
            work.dropped = isinstance(error, Abandoned)
            work.split = not work.dropped and (len(works) > 1 or len(work.jobs) > 1)
            if not work.is_over:
                work.error = self._as_job_error(error, work.jobs[0])
            self._send(Phase(work.name, "wait"))

    def reporter(self, work: GroupInWork) -> StepCallback:
        """Tells of a group's steps now and then. Raises Abandoned once the group in work is to be given up."""
        last_sent = 0.0

        def report_step(step: int, steps: int, loss: float) -> None:
            nonlocal last_sent
            if self._abandon.is_set():
                raise Abandoned(work.name)
            if time.monotonic() - last_sent >= PROGRESS_EVERY:
                last_sent = time.monotonic()
                self._send(Progress(work.name, step, steps, loss))

        return report_step

    def _make(self, work: GroupInWork) -> Any:
        return self._backend.make(work.jobs, work.payload, self.reporter(work))

    def _stage(self, work: GroupInWork, name: str, action: Callable[[GroupInWork], Any], begun: bool = False) -> None:
        """Take a group through a stage, unless it is over; one that is not `begun` is dropped once the pipeline drains."""
        if work.is_over:
            return
        if self._draining.is_set() and not begun:
            self._drop_decoded(work)
            return
        self._send(Phase(work.name, name))
        entered = time.monotonic()
        work.begun = work.begun or entered
        try:
            with self.timer.span(name):
                work.payload = action(work)
        except Abandoned:
            work.dropped = True
        except StoreBroken as error:  # no job's fault: all of them wait for another night
            work.dropped = True
            self._give_up_on_store(error)
        except Exception as error:  # whatever a job does, the next one goes on
            if is_device_fault(error):
                self._end_process([work], error)
            work.split = len(work.jobs) > 1
            if not work.split:
                work.error = self._as_job_error(error, work.jobs[0])
        work.seconds += time.monotonic() - entered
        self._send(Phase(work.name, "wait"))

    def _drop_decoded(self, work: GroupInWork) -> None:
        work.dropped = True
        if work.payload is not None:
            self._backend.discard(work.payload)

    def _end_process(self, works: Sequence[GroupInWork], error: Exception) -> NoReturn:
        """End, since the device fails every further call: what is finished is committed, and another worker takes over."""
        with contextlib.suppress(NocturneError):
            self._committer.commit()
        self._send(Note(_words_of(error)))
        self._send(DeviceFault(tuple(work.name for work in works)))
        os._exit(FAULT_STATUS)

    def _as_job_error(self, error: Exception, job: Job) -> JobError:
        if isinstance(error, JobError):
            return error
        if is_out_of_memory(error):
            lower = self._context.remedy(job).rpartition("or ")[2]
            return OutOfMemory(f"{self._context.subject(job)} needs more memory than there is", f"{lower}.")
        self._send(Note(_words_of(error)))
        words = printable(" ".join(str(error).split()))[:LONGEST_WORDS]
        return Internal(
            f"{self._context.subject(job)} failed by a fault in Nocturne ({type(error).__name__}: {words})",
            "see log.jsonl.",
        )

    def _end(self, work: GroupInWork) -> None:
        if work.dropped or work.split:
            self._send(Dropped(work.name) if work.dropped else Split(work.name))
            return
        self._send(Phase(work.name, "finished"))
        made: Sequence[JobResult] = [work.error] if work.error else work.payload
        now = datetime.now(UTC)
        rows = [self._row(work, job, each, now) for job, each in zip(work.jobs, made, strict=True)]
        try:
            table = manifest.table(rows)
        except Exception:  # what no table can hold must not take others' rows with it
            table = manifest.table(self._held(work, row, job) for row, job in zip(rows, work.jobs, strict=True))
        self._commit(lambda: self._committer.add(table, work.begun))

    def _held(self, work: GroupInWork, row: dict[str, Any], job: Job) -> dict[str, Any]:
        """The row, or one that says why no table can hold it."""
        try:
            manifest.table([row])
        except Exception as error:
            return self._row(work, job, self._as_job_error(error, job), row["finished"])
        return row

    def _row(self, work: GroupInWork, job: Job, made: JobResult, now: datetime) -> dict[str, Any]:
        error = made if isinstance(made, JobError) else None
        return {
            **planned_columns(job),
            "engine": self._backend.engine,
            **({} if isinstance(made, JobError) else made),
            "run": self._context.run,
            "status": "failed" if error else "done",
            "reason": error.reason if error else None,
            "message": str(error) if error else None,
            "seconds": work.seconds / len(work.jobs),
            "versions": self._backend.versions,
            "started": work.started,
            "finished": now,
        }

    def _commit(self, action: Callable[[], None]) -> None:
        try:
            action()
        except NocturneError as error:
            self._draining.set()
            self._send(CannotWork(error))

    def _give_up_on_store(self, error: StoreBroken) -> None:
        """What is finished is committed if there is room for so little; then nothing more is begun."""
        self._draining.set()
        with contextlib.suppress(NocturneError):
            self._committer.commit()
        self._send(CannotWork(error))


def _words_of(error: Exception) -> str:
    return "".join(traceback.format_exception(error))
