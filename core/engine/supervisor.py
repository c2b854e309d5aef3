"""The supervisor of one worker: feeds it jobs, enforces their time limits, and outlives its deaths.

It runs in a thread of the parent. A job is over when its row is committed; until then it is *in hand*. When the worker
dies, jobs that were merely waiting are sent again, and those that were being worked on are tried one by one, so that the
one that kills workers is found; after MAX_DEATHS it gets a failed row.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection, wait
from typing import Any

from core.child_process import Death
from core.engine.job_queue import MAX_DEATHS, Hand, Rota, Ticket
from core.engine.messages import (
    Broken,
    Close,
    Committed,
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
)
from core.engine.worker_process import WorkerProcess
from core.errors import Internal, JobError, NocturneError, TimedOut
from core.manifest import manifest
from core.planning.jobs import Job, planned_columns
from core.storage.store import Store

MAX_STILLBORN = 3
"""Workers in a row that may end by themselves before they begin a job: they would go on to do so."""

MAX_SLAIN = 10
"""Workers in a row that may be killed before they begin a job: memory may be short for a while."""

LAST_BREATH = 5.0
"""Seconds after a stop's grace in which a worker must have ended."""

DOING = {"decode": "reading it", "make": "making it", "score": "judging it", "write": "writing it"}
Listener = Callable[[Any], None]


class Supervisor:
    """Owns one worker process. `start` may come long before `open`, so that networks load while plans are made."""

    def __init__(self, device: str, maker: str, listen: Listener) -> None:
        self.device = device
        self._maker, self._listen = maker, listen
        self._opening: Open | None = None
        self._rota = Rota()
        self._stillborn = 0
        self._slain = 0
        self._useful = False
        self._ready = self._draining = self._closing = self._dismissed = False
        self._failure: NocturneError | None = None
        self._lock = threading.RLock()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._worker: WorkerProcess | None = None
        self._thread = threading.Thread(target=self._run, name=f"supervisor-{device}", daemon=True)

    def start(self) -> None:
        """Spawn the worker, which begins to load its networks."""
        self._worker = WorkerProcess(self.device, self._maker)
        self._thread.start()

    def open(self, root: str, context: dict[str, Any]) -> None:
        """Tell the worker which run it works for."""
        with self._lock:
            self._opening = Open(root, context)
            self._rota.unit = int(context.get("unit", 1))
            self._greet()
        self._wake()

    def submit(self, jobs: Sequence[Job]) -> Ticket:
        """Queue jobs behind those there are."""
        with self._lock:
            ticket = self._rota.add(jobs)
            ticket.error = self._failure
            if self._draining or self._failure or not self._thread.is_alive():
                self._rota.leave(everything=False)
        self._wake()
        return ticket

    def drain(self, grace: float | None = None) -> None:
        """Commit, finish the job in hand, commit, and leave the rest for another night.

        The job in hand has `grace` seconds, if given; a worker that is still at it LAST_BREATH later is killed.
        """
        with self._lock:
            self._draining = True
            self._rota.leave(everything=False)
            if self._worker:
                self._worker.send(Drain(grace))
                self._worker.send(Flush())
        self._wake()
        if grace is not None:
            deadline = threading.Timer(grace + LAST_BREATH, self.kill)
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
        """Jobs that wait or are in hand."""
        return len(self._rota)

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # whoever waits for a ticket must not wait for ever
            fault = NocturneError(f"the supervisor of {self.device} failed ({type(error).__name__}: {error}).")
            with self._lock:
                self._fail(error if isinstance(error, NocturneError) else fault)
        with self._lock:
            self._rota.leave(everything=True)
        self._wake_reader.close()
        self._wake_writer.close()

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._feed()
                connection = self._worker.connection if self._worker else None
                timeout = self._rota.next_limit()
            if connection is None:
                break
            heard = wait([connection, self._wake_reader], timeout)
            if self._wake_reader in heard:
                self._wake_reader.recv(4096)
            if connection in heard:
                self._hear(connection)
            with self._lock:
                self._enforce_limits()

    def _hear(self, connection: Connection) -> None:
        try:
            message = connection.recv()
        except (EOFError, OSError):
            with self._lock:
                self._bury()
            return
        self._listen(message)  # first, so that whoever waits for a ticket finds its jobs counted
        with self._lock:
            self._take(message)

    def _take(self, message: Any) -> None:
        match message:
            case Ready(_, group):
                self._ready, self._rota.group = True, max(group, self._rota.unit)
                self._greet()
            case Opened(hands):
                self._rota.hands = hands
            case Phase(output, name):
                self._useful = True
                self._rota.enter(output, name)
            case Committed(outcomes):
                for outcome in outcomes:
                    self._rota.close(outcome.output, outcome)
            case Dropped(output):
                self._rota.drop(output)
            case Split(output):
                self._split(output)
            case Broken(error):
                self._fail(error)
            case _:
                pass

    def _greet(self) -> None:
        if self._ready and self._opening and self._worker:
            self._worker.send(self._opening)

    def _feed(self) -> None:
        """Send the worker what it has room for, or its farewell."""
        if self._worker is None or self._failure:
            return
        if self._closing and not self.load:
            self._dismiss(self._worker)
        elif self._ready and self._opening:
            while (following := self._rota.next()) is not None:
                jobs, at_once = following
                self._worker.send(Make(jobs))
                if at_once:
                    self._worker.send(Flush())

    def _dismiss(self, worker: WorkerProcess) -> None:
        """A worker that serves a run ends by itself and says what it spent; one that only loads is stopped."""
        if not self._dismissed:
            self._dismissed = True
            worker.send(Close()) if self._ready and self._opening else worker.kill()

    def _enforce_limits(self) -> None:
        hand = self._rota.overdue()
        if hand is None or self._worker is None:
            return
        if len(hand.jobs) == 1:  # of a group, one job is at fault: they are tried one by one
            doing = DOING[hand.phase]
            sentence = (
                f"{hand.job.subject} was stopped: {doing} took longer than {hand.job.limit:.0f} s; "
                f"{hand.job.remedy.partition(',')[0]}, or raise `time_limit`."
            )
            self._give_up(hand, TimedOut(sentence))
        self._worker.kill()

    def _split(self, output: str) -> None:
        """Have the jobs of a failed group tried one by one, once what else is in hand is committed."""
        self._rota.split(output)
        if self._draining or self._failure:
            self._rota.leave(everything=False)
        elif self._worker:
            self._worker.send(Flush())

    def _bury(self) -> None:
        """The worker is dead: find out how, place its jobs again, and start another if there is work."""
        if self._worker is None:
            return
        worker, self._worker = self._worker, None
        death, words = worker.bury()
        if self._useful:
            self._slain = self._stillborn = 0
        else:
            self._slain += death.killed
            self._stillborn += not death.killed
        self._ready = self._useful = False
        if self._closing and not self.load:
            return
        self._listen(Note(f"worker {worker.pid} on {self.device}: {death}. {words}".strip()))
        for hand in self._rota.place_again():
            self._blame(hand, death)
        if (self._stillborn >= MAX_STILLBORN or self._slain >= MAX_SLAIN) and not self._failure:
            self._fail(
                NocturneError(f"the worker on {self.device} cannot start ({death}): {words or 'it said nothing'}")
            )
        if self._draining or self._failure or (self._closing and not self.load):
            return
        self._worker = WorkerProcess(self.device, self._maker)

    def _blame(self, hand: Hand, death: Death) -> None:
        sentence = (
            f"{hand.job.subject} was in hand {MAX_DEATHS} times when the worker died ({death}); "
            f"{hand.job.remedy}, then run `nocturne retry`."
        )
        self._give_up(hand, Internal(sentence))

    def _give_up(self, hand: Hand, error: JobError) -> None:
        """Commit a failed row for a job that no worker can answer for."""
        job, ticket = hand.job, hand.ticket
        outcome = Outcome(job.output, "failed", error.reason, str(error), 0.0, None)
        try:
            manifest.write_part(Store(self._opened().root), [self._failed_row(job, error)])
        except NocturneError as fault:
            self._fail(fault)
            return
        self._listen(Committed((outcome,)))
        self._rota.close(job.output, outcome)
        if job.output in ticket.waiting:  # a blamed job is out of the rota already
            ticket.close(job.output, outcome)

    def _failed_row(self, job: Job, error: JobError) -> dict[str, Any]:
        return {
            **planned_columns(job),
            "run": self._opened().context["run"],
            "status": "failed",
            "reason": error.reason,
            "message": str(error),
            "finished": datetime.now(UTC),
        }

    def _opened(self) -> Open:
        assert self._opening is not None, "no job is in hand before the run is open"
        return self._opening

    def _fail(self, error: NocturneError) -> None:
        """Nothing more can be made: every ticket ends with this error."""
        self._failure = error
        self._rota.fail(error)
        if self._worker:
            self._worker.kill()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # the supervisor has ended
            self._wake_writer.send(b"!")
