"""Supervisor of one worker process: sends it jobs, enforces their time limits, restarts it when it dies.

It runs in a thread of the parent. A job is over when its row is committed; until then it is *in flight*. When the worker
dies, jobs that were merely waiting are sent again, and those that were in work are tried one by one as suspects, so that
the one that kills workers is found; after MAX_CRASHES it gets a failed row.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection, wait
from typing import Any

from core.child_process import ExitStatus
from core.engine.job_queue import MAX_CRASHES, InFlight, JobQueue, Submission
from core.engine.messages import (
    CannotWork,
    Close,
    Committed,
    DeviceFault,
    Drain,
    Dropped,
    Flush,
    Make,
    Note,
    Open,
    Opened,
    Outcome,
    Phase,
    Ready,
    Split,
    WaitingForDevice,
)
from core.engine.worker_process import WorkerProcess
from core.errors import Internal, JobError, NocturneError, SpecError, TimedOut
from core.manifest import manifest
from core.planning.jobs import Job, planned_columns
from core.planning.run_context import RunContext
from core.storage.store import Store

MAX_FAILED_STARTS = 3
"""Workers in a row that may end by themselves before they begin a job: more would end likewise."""

MAX_KILLED_STARTS = 10
"""Workers in a row that may be killed before they begin a job: memory may be short for a while."""

KILL_DELAY = 5.0
"""Seconds after a stop's grace in which a worker must have ended."""

DOING = {"decode": "reading it", "make": "making it", "score": "judging it", "write": "writing it"}
MessageListener = Callable[[Any], None]


class Supervisor:
    """Owns one worker process. `start` may come long before `open`, so that networks load while plans are made."""

    def __init__(self, device: str, backend: str, listen: MessageListener) -> None:
        self.device = device
        self._backend, self._listen = backend, listen
        self._opening: Open | None = None
        self._queue = JobQueue()
        self._failed_starts = self._killed_starts = 0
        self._worked = False
        self._kind = ""
        """Of the device that was computed on last; empty before the first worker was ready."""
        self._identity = ""
        """Of that physical device."""
        self._ready = self._draining = self._closing = self._shutting_down = False
        self.failure: NocturneError | None = None
        """Why the worker cannot work at all; None while it can."""
        self._lock = threading.RLock()
        self._wake_pipe: tuple[socket.socket, socket.socket] | None = None
        self._worker: WorkerProcess | None = None
        self._thread = threading.Thread(target=self._run, name=f"supervisor-{device}", daemon=True)

    def start(self) -> None:
        """Spawn the worker, which begins to load its networks."""
        self._wake_pipe = socket.socketpair()
        self._worker = WorkerProcess(self.device, self._backend)
        self._thread.start()

    def open(self, root: str, context: RunContext) -> None:
        """Tell the worker which run it works for."""
        with self._lock:
            self._opening = Open(root, context)
            self._queue.unit = context.unit
            self._send_open()
        self._wake()

    def submit(self, jobs: Sequence[Job]) -> Submission:
        """Queue jobs behind those there are."""
        with self._lock:
            submission = self._queue.add(jobs)
            submission.error = self.failure
            if self._draining or self.failure or not self._thread.is_alive():
                self._queue.drop_pending(in_flight=False)
        self._wake()
        return submission

    def drain(self, grace: float | None = None) -> None:
        """Commit, finish the job in work, commit, and leave the rest for another night.

        The job in work has `grace` seconds, if given; a worker that is still at it KILL_DELAY later is killed.
        """
        with self._lock:
            self._draining = True
            self._queue.drop_pending(in_flight=False)
            if self._worker:
                self._worker.send(Drain(grace))
                self._worker.send(Flush())
        self._wake()
        if grace is not None:
            deadline = threading.Timer(grace + KILL_DELAY, self.kill)
            deadline.daemon = True
            deadline.start()

    def kill(self) -> None:
        """End worker and supervisor at once; what is not committed is lost."""
        with self._lock:
            self._closing = self._draining = True
            if self._worker:
                self._worker.kill()
        self._wake()

    def close(self) -> None:
        """Let the worker finish what it has, and end it."""
        self._closing = True
        self._wake()
        if self._thread.ident:
            self._thread.join()

    @property
    def load(self) -> int:
        """Jobs that are queued or in flight."""
        return len(self._queue)

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # whoever waits for a submission must not wait for ever
            fault = NocturneError(f"the supervisor of {self.device} failed ({type(error).__name__}: {error}).")
            with self._lock:
                self._fail(error if isinstance(error, NocturneError) else fault)
        with self._lock:
            self._queue.drop_pending(in_flight=True)
        for end in self._wake_pipe or ():
            end.close()

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._send_jobs()
                connection = self._worker.connection if self._worker else None
                timeout = self._queue.seconds_to_timeout()
            if connection is None or self._wake_pipe is None:
                break
            readable = wait([connection, self._wake_pipe[0]], timeout)
            if self._wake_pipe[0] in readable:
                self._wake_pipe[0].recv(4096)
            if connection in readable:
                self._receive(connection)
            with self._lock:
                self._enforce_limits()

    def _receive(self, connection: Connection) -> None:
        try:
            message = connection.recv()
        except (EOFError, OSError):
            with self._lock:
                self._handle_death()
            return
        self._listen(message)  # first, so that whoever waits for a submission finds its jobs counted
        with self._lock:
            self._handle(message)

    def _handle(self, message: Any) -> None:
        match message:
            case WaitingForDevice(device, identity) if self._is_another(identity):
                self._lose(device)
            case Ready(_, _, identity) if self.device != "auto" and self._is_another(identity):
                self._lose(self.device)
            case Ready(engine, group, identity):
                self._compare_kind(engine.partition(" ")[0])
                self._identity = identity
                self._ready, self._queue.group = True, max(group, self._queue.unit)
                self._send_open()
            case Opened(parallel, together):
                self._queue.parallel, self._queue.together = parallel, together
            case Phase(output, name):
                self._worked = True
                self._queue.enter_phase(output, name)
            case Committed(outcomes):
                for outcome in outcomes:
                    self._queue.finish(outcome.output, outcome)
            case Dropped(output):
                self._queue.drop_group(output)
            case Split(output):
                self._split(output)
            case DeviceFault(outputs):
                self._queue.suspect_only(outputs)
            case CannotWork(error):
                self._fail(self._as_loss(error))
            case _:
                pass

    def _compare_kind(self, kind: str) -> None:
        """Tell if another kind of device is computed on than before: with `auto`, a GPU that is gone leaves the CPU."""
        if self._kind and kind != self._kind:
            self._listen(Note(f"{self.device} is {kind} from now on; it was {self._kind}, which is gone.", shown=True))
        self._kind = kind

    def _is_another(self, identity: str) -> bool:
        """Whether a worker means another physical device of the same kind than the one before it: the driver gives the
        number of a GPU that is gone to the next one, which has a worker of its own, or is meant for something else.
        """
        kind, before = identity.partition("-")[0], self._identity.partition("-")[0]
        return bool(self._identity) and identity != self._identity and kind == before

    def _lose(self, device: str) -> None:
        """Give up a device that is gone."""
        what = f"{self.device} is lost: what is called {device} by now is another device"
        self._fail(
            NocturneError(what, "see whether `nvidia-smi` shows all of them, and restart the machine if it does not.")
        )

    def _as_loss(self, error: NocturneError) -> NocturneError:
        """Why a worker cannot work; a device that was there is lost, which other devices can do without."""
        if isinstance(error, SpecError) and self._kind:
            return NocturneError(f"{self.device} is lost: {error.what}", error.remedy)
        return error

    def _send_open(self) -> None:
        if self._ready and self._opening and self._worker:
            self._worker.send(self._opening)

    def _send_jobs(self) -> None:
        """Send the worker the groups that it has room for, or tell it to end."""
        if self._worker is None or self.failure:
            return
        if self._closing and not self.load:
            self._shut_down(self._worker)
        elif self._ready and self._opening:
            while (following := self._queue.next_group()) is not None:
                jobs, at_once = following
                self._worker.send(Make(jobs))
                if at_once:
                    self._worker.send(Flush())

    def _shut_down(self, worker: WorkerProcess) -> None:
        """A worker that serves a run ends by itself and says what it spent; one that only loads is stopped."""
        if not self._shutting_down:
            self._shutting_down = True
            worker.send(Close()) if self._ready and self._opening else worker.kill()

    def _enforce_limits(self) -> None:
        group = self._queue.overdue()
        if group is None or self._worker is None:
            return
        if self._queue.is_alone(group):  # of several, one job is at fault: they are tried one by one
            context, doing = self._opened().context, DOING[group.phase]
            sentence = (
                f"{context.subject(group.job)} was stopped: {doing} took longer than {group.job.limit:.0f} s; "
                f"{context.remedy(group.job).partition(',')[0]}, or raise `time_limit`."
            )
            self._fail_job(group, TimedOut(sentence))
        self._worker.kill()

    def _split(self, output: str) -> None:
        """Have the jobs of a failed group tried one by one, once what else is in flight is committed."""
        self._queue.split_group(output)
        if self._draining or self.failure:
            self._queue.drop_pending(in_flight=False)
        elif self._worker:
            self._worker.send(Flush())

    def _handle_death(self) -> None:
        """Reap the dead worker, requeue its jobs, and start another if there is work."""
        if self._worker is None:
            return
        worker, self._worker = self._worker, None
        death, words = worker.reap()
        if self._worked:
            self._failed_starts = self._killed_starts = 0
        else:
            self._killed_starts += death.killed
            self._failed_starts += not death.killed
        self._ready = self._worked = False
        if self._closing and not self.load:
            return
        self._listen(Note(f"worker {worker.pid} on {self.device}: {death}. {words}".strip()))
        for group in self._queue.requeue_after_crash():
            self._fail_crasher(group, death)
        if (self._failed_starts >= MAX_FAILED_STARTS or self._killed_starts >= MAX_KILLED_STARTS) and not self.failure:
            self._fail(
                NocturneError(f"the worker on {self.device} cannot start ({death}): {words or 'it said nothing'}")
            )
        if self._draining or self.failure or (self._closing and not self.load):
            return
        self._worker = WorkerProcess(self.device, self._backend)

    def _fail_crasher(self, group: InFlight, death: ExitStatus) -> None:
        context = self._opened().context
        sentence = (
            f"{context.subject(group.job)} was in hand {MAX_CRASHES} times when the worker died ({death}); "
            f"{context.remedy(group.job)}, then run `nocturne retry`."
        )
        self._fail_job(group, Internal(sentence))

    def _fail_job(self, group: InFlight, error: JobError) -> None:
        """Commit a failed row for a job whose worker cannot."""
        job, submission = group.job, group.submission
        outcome = Outcome(job.output, "failed", error.reason, str(error), 0.0, None)
        try:
            manifest.write_part(Store(self._opened().root), [self._failed_row(job, error)])
        except NocturneError as fault:
            self._fail(fault)
            return
        self._listen(Committed((outcome,)))
        self._queue.finish(job.output, outcome)
        if job.output in submission.waiting:  # a crasher is out of the queue already
            submission.finish(job.output, outcome)

    def _failed_row(self, job: Job, error: JobError) -> dict[str, Any]:
        return {
            **planned_columns(job),
            "run": self._opened().context.run,
            "status": "failed",
            "reason": error.reason,
            "message": str(error),
            "finished": datetime.now(UTC),
        }

    def _opened(self) -> Open:
        assert self._opening is not None, "no job is in flight before the run is open"
        return self._opening

    def _fail(self, error: NocturneError) -> None:
        """End every submission with this error: nothing more can be made."""
        self.failure = error
        self._queue.fail(error)
        if self._worker:
            self._worker.kill()

    def _wake(self) -> None:
        if self._wake_pipe:
            with contextlib.suppress(OSError):  # the supervisor has ended
                self._wake_pipe[1].send(b"!")
