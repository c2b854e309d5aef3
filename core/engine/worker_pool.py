"""Worker pool of a run: one supervised worker a device, progress counts, and the run's log."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.engine.job_queue import Submission
from core.engine.messages import Committed, CpuSpent, Note, Outcome, Phase, Progress, Ready, Resolved, WaitingForDevice
from core.engine.supervisor import Supervisor
from core.errors import NocturneError, SpecError
from core.planning.jobs import Job
from core.planning.run_context import RunContext
from core.safe_text import printable
from core.storage.run_paths import LOG
from core.storage.store import Store

RESOLVING_CHECK = 0.2
"""Seconds between two looks at whether a worker that does not know its device yet has failed."""


@dataclass
class NightProgress:
    """Progress of a night, for displays. Times are `time.monotonic()`."""

    total: int = 0
    done: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    """Groups of jobs that are finished and wait for their commit."""
    current: str = ""
    step: int = 0
    steps: int = 0
    loss: float = 0.0
    stage: str = "starting"
    predicted: float = 0.0
    working_since: float | None = None
    cpu: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """Sentences to show a person at once."""

    @property
    def ended(self) -> int:
        """Jobs made or failed."""
        return self.done + self.failed.total()

    def seconds_left(self) -> float | None:
        """Predicted seconds until the last job, from what tonight's jobs took; None before anything is known."""
        if not self.total or self.working_since is None:
            return None
        elapsed = time.monotonic() - self.working_since
        share = self.step / self.steps if self.steps else 0.0
        made = self.ended + self.waiting + share
        if made < 0.5:
            return max(0.0, self.predicted - elapsed)
        return elapsed / made * max(0.0, self.total - made)


class WorkerPool:
    """The workers of a run. Started early, so that networks load while the server starts and the plan is made."""

    def __init__(self, devices: str, backend: str) -> None:
        self.progress = NightProgress()
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._notes: list[str] = []
        self.stopping = self._closed = False
        self._backend = backend
        self._supervisors = [Supervisor(device, backend, self._handle) for device in devices.split(",")]
        self._opening: tuple[str, RunContext] | None = None
        self._unresolved = {"auto"} & {supervisor.device for supervisor in self._supervisors}
        self._changed = threading.Condition()
        """Guards the list of supervisors, what they have opened, and which of them do not yet know their devices."""

    def start(self) -> None:
        """Spawn the workers."""
        for supervisor in self._supervisors:
            supervisor.start()

    def open(self, store: Store, context: RunContext, total: int, predicted: float) -> None:
        """Take up a run with `total` jobs to make, predicted to need so many seconds."""
        self._store = store
        store.make_root()
        self.progress.total, self.progress.predicted = total, predicted / len(self._supervisors)
        for note in self._notes:
            self.log("note", text=note)
        with self._changed:
            self._opening = str(store.root), context
            for supervisor in self._supervisors:
                supervisor.open(*self._opening)

    def extend(self, total: int, predicted: float) -> None:
        """Take `total` further jobs into the account, predicted to need so many seconds."""
        self.progress.total += total
        self.progress.predicted += predicted / len(self._supervisors)

    def make(self, jobs: Sequence[Job]) -> tuple[list[Outcome], int]:
        """Make a shard on the least busy worker. Returns how its jobs ended, and how many were left.

        What a worker that cannot work at all has left is made by the others. Raises NocturneError if there is none, and
        SpecError if a device is not there.
        """
        outcomes: list[Outcome] = []
        self._wait_until_resolved()
        while True:
            able = [supervisor for supervisor in self._supervisors if supervisor.failure is None]
            supervisor = min(able or self._supervisors, key=lambda each: each.load)
            ticket: Submission = supervisor.submit(jobs)
            try:
                return outcomes + ticket.wait(), ticket.left
            except SpecError:
                raise
            except NocturneError as error:
                if all(each.failure for each in self._supervisors):
                    raise
                self._tell_of_lost(supervisor.device, error)
            outcomes += ticket.outcomes
            ended = {outcome.output for outcome in outcomes}
            jobs = [job for job in jobs if job.output not in ended]

    def _wait_until_resolved(self) -> None:
        """Wait until it is known which devices `auto` means, or that it means none."""
        with self._changed:
            while self._unresolved and not self.stopping and all(each.failure is None for each in self._supervisors):
                self._changed.wait(RESOLVING_CHECK)

    def _resolved(self, others: Sequence[str]) -> None:
        """Have workers on the other devices that `auto` means, once."""
        with self._changed:
            known = {supervisor.device for supervisor in self._supervisors}
            for device in others if self._unresolved and not (self.stopping or self._closed) else ():
                if device not in known:
                    supervisor = Supervisor(device, self._backend, self._handle)
                    supervisor.start()
                    if self._opening:
                        supervisor.open(*self._opening)
                    self._supervisors.append(supervisor)
            self._unresolved = set()
            self._changed.notify_all()

    def _tell_of_lost(self, device: str, error: NocturneError) -> None:
        sentence = f"{device} is not used any more tonight: {error}"
        with self._lock:
            if sentence in self.progress.notes:
                return
            self.progress.notes.append(sentence)
        self.log("note", text=sentence)

    def stop(self, grace: float | None = None) -> None:
        """Commit, finish the jobs in work, within `grace` seconds if given, and leave the rest."""
        self.stopping = True
        for supervisor in self._supervisors:
            supervisor.drain(grace)

    def kill(self) -> None:
        """Stop at once."""
        self._closed = True
        for supervisor in self._supervisors:
            supervisor.kill()

    def close(self) -> None:
        """End the workers."""
        with self._changed:
            self._closed = True
        for supervisor in list(self._supervisors):
            supervisor.close()

    def log(self, event: str, **values: Any) -> None:
        """Add a line to the run's log.jsonl; a disk that has no room for it stops nothing."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(), "event": event, **values}, ensure_ascii=False)
        with self._lock, contextlib.suppress(OSError):
            if self._store is not None:
                self._store.append(LOG, line)

    def _handle(self, message: Any) -> None:
        progress = self.progress
        match message:
            case Resolved(_, others):
                self._resolved(others)
            case Ready():
                progress.stage = "ready"
            case WaitingForDevice(device):
                progress.stage = f"waiting for {device}, which another run is using"
            case Phase(output, "make"):
                progress.working_since = progress.working_since or time.monotonic()
                progress.current, progress.step, progress.steps, progress.stage = output, 0, 0, "making"
            case Phase(_, "finished"):
                progress.waiting += 1
            case Progress(output, step, steps, loss):
                progress.current, progress.step, progress.steps, progress.loss = output, step, steps, loss
            case Committed(outcomes):
                progress.waiting = 0
                for outcome in outcomes:
                    self._count(outcome)
            case Note(text, shown):
                self._note(text)
                progress.notes += [text] if shown else []
            case CpuSpent(spans, outside, process):
                for name, seconds in {**spans, "outside": outside, "process": process}.items():
                    progress.cpu[name] = progress.cpu.get(name, 0.0) + seconds
            case _:
                pass

    def _count(self, outcome: Outcome) -> None:
        if outcome.status == "done":
            self.progress.done += 1
        else:
            self.progress.failed[outcome.reason or "internal"] += 1
            self.log("failed", output=printable(outcome.output), reason=outcome.reason, message=outcome.message)

    def _note(self, text: str) -> None:
        if self._store is None:
            self._notes.append(text)
        else:
            self.log("note", text=text)
