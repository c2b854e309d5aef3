"""The crew of a run: one supervisor a device, and what they have done so far."""

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

from core.engine.job_queue import Ticket
from core.engine.messages import Committed, Note, Outcome, Phase, Progress, Ready, Spent, Waiting
from core.engine.supervisor import Supervisor
from core.planning.jobs import Job
from core.storage.run_paths import LOG
from core.storage.store import Store
from core.text import printable


@dataclass
class Board:
    """How a night goes, for whoever shows it. Times are `time.monotonic()`."""

    total: int = 0
    done: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    """Groups of jobs that are finished and wait for their rows to be committed."""
    current: str = ""
    step: int = 0
    steps: int = 0
    loss: float = 0.0
    stage: str = "starting"
    predicted: float = 0.0
    working_since: float | None = None
    cpu: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What a person should be told at once."""

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


class Crew:
    """The workers of a run. Started early, so that networks load while the server starts and the plan is made."""

    def __init__(self, devices: str, maker: str) -> None:
        self.board = Board()
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._notes: list[str] = []
        self.stopping = False
        self._supervisors = [Supervisor(device, maker, self._hear) for device in devices.split(",")]

    def start(self) -> None:
        """Spawn the workers."""
        for supervisor in self._supervisors:
            supervisor.start()

    def open(self, store: Store, context: dict[str, Any], total: int, predicted: float) -> None:
        """Take up a run with `total` jobs to make, predicted to need so many seconds."""
        self._store = store
        self.board.total, self.board.predicted = total, predicted / len(self._supervisors)
        for note in self._notes:
            self.log("note", text=note)
        for supervisor in self._supervisors:
            supervisor.open(str(store.root), context)

    def extend(self, total: int, predicted: float) -> None:
        """Take `total` further jobs into the account, predicted to need so many seconds."""
        self.board.total += total
        self.board.predicted += predicted / len(self._supervisors)

    def make(self, jobs: Sequence[Job]) -> tuple[list[Outcome], int]:
        """Have a shard made by the least busy worker. Returns how its jobs ended, and how many were left.

        Raises NocturneError if the worker cannot work at all.
        """
        ticket: Ticket = min(self._supervisors, key=lambda supervisor: supervisor.load).submit(jobs)
        return ticket.wait(), ticket.left

    def stop(self, grace: float | None = None) -> None:
        """Commit, finish the jobs in hand, within `grace` seconds if given, and leave the rest."""
        self.stopping = True
        for supervisor in self._supervisors:
            supervisor.drain(grace)

    def kill(self) -> None:
        """Stop at once."""
        for supervisor in self._supervisors:
            supervisor.kill()

    def close(self) -> None:
        """End the workers."""
        for supervisor in self._supervisors:
            supervisor.close()

    def log(self, event: str, **values: Any) -> None:
        """Add a line to the run's log.jsonl; a disk that has no room for it stops nothing."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(), "event": event, **values}, ensure_ascii=False)
        with self._lock, contextlib.suppress(OSError):
            if self._store is not None:
                self._store.append(LOG, line)

    def _hear(self, message: Any) -> None:
        board = self.board
        match message:
            case Ready():
                board.stage = "ready"
            case Waiting(device):
                board.stage = f"waiting for {device}, which another run is using"
            case Phase(output, "make"):
                board.working_since = board.working_since or time.monotonic()
                board.current, board.step, board.steps, board.stage = output, 0, 0, "making"
            case Phase(_, "finished"):
                board.waiting += 1
            case Progress(output, step, steps, loss):
                board.current, board.step, board.steps, board.loss = output, step, steps, loss
            case Committed(outcomes):
                board.waiting = 0
                for outcome in outcomes:
                    self._count(outcome)
            case Note(text):
                self._note(text)
            case Spent(spans, outside, process):
                for name, seconds in {**spans, "outside": outside, "process": process}.items():
                    board.cpu[name] = board.cpu.get(name, 0.0) + seconds
            case _:
                pass

    def _count(self, outcome: Outcome) -> None:
        if outcome.status == "done":
            self.board.done += 1
        else:
            self.board.failed[outcome.reason or "internal"] += 1
            self.log("failed", output=printable(outcome.output), reason=outcome.reason, message=outcome.message)

    def _note(self, text: str) -> None:
        if self._store is None:
            self._notes.append(text)
        else:
            self.log("note", text=text)
