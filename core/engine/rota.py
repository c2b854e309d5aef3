"""Which jobs wait, which are in hand, and which are suspected of killing workers. Bookkeeping alone: no process, no I/O."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.engine.messages import Outcome
from core.errors import NocturneError
from core.jobs import Job

WINDOW = 4
"""Jobs in the worker's stages at once: one decoding, one decoded, one being made, one being written."""

MAX_DEATHS = 3
"""Deaths of workers that a job may be present at before it is blamed."""

LONGEST_WAIT = 3600.0
"""Seconds for which the supervisor sleeps at most; the system's own limit is 24 days."""

WORKING = frozenset({"decode", "make", "write"})
"""Phases in which a job has its time limit, and can be what killed the worker."""


@dataclass
class Ticket:
    """The jobs of one call of `submit`, and how they ended."""

    waiting: set[str]
    unsent: int
    outcomes: list[Outcome] = field(default_factory=list)
    left: int = 0
    error: NocturneError | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> list[Outcome]:
        """Block until every job ended or was left. Raises NocturneError if the worker cannot work."""
        self.over.wait()
        if self.error:
            raise self.error
        return self.outcomes

    def close(self, output: str, outcome: Outcome | None) -> None:
        """A job ended with an outcome, or was left without one."""
        self.waiting.discard(output)
        if outcome is None:
            self.left += 1
        else:
            self.outcomes.append(outcome)
        self.settle()

    def settle(self) -> None:
        """Wake whoever waits, if nothing is open any more."""
        if not self.waiting:
            self.over.set()


@dataclass
class Hand:
    """A job that the worker has: sent, and its row not committed yet."""

    job: Job
    ticket: Ticket
    suspect: bool = False
    phase: str = "sent"
    since: float = field(default_factory=time.monotonic)

    def overdue(self, now: float) -> bool:
        """Whether the job has been in one stage for longer than its limit."""
        return self.phase in WORKING and now - self.since > self.job.limit


class Rota:
    """The jobs of one worker. Not for several threads at once: the supervisor's lock guards it."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Job, Ticket]] = deque()
        self._suspects: deque[tuple[Job, Ticket]] = deque()
        self._in_hand: dict[str, Hand] = {}
        self._deaths: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._queue) + len(self._suspects) + len(self._in_hand)

    def add(self, jobs: Sequence[Job]) -> Ticket:
        """Queue jobs behind those there are."""
        ticket = Ticket({job.output for job in jobs}, len(jobs))
        self._queue.extend((job, ticket) for job in jobs)
        ticket.settle()
        return ticket

    def next(self) -> tuple[Job, bool] | None:
        """The job to send now, and whether it is to be committed as soon as it is made; None if the worker is full.

        Suspects go first, each of them alone. The last job of a ticket is committed at once.
        """
        if any(hand.suspect for hand in self._in_hand.values()):
            return None
        if self._suspects:
            return None if self._in_hand else (self._take(self._suspects, suspect=True), True)
        active = sum(hand.phase != "finished" for hand in self._in_hand.values())
        if not self._queue or active >= WINDOW:
            return None
        ticket = self._queue[0][1]
        return self._take(self._queue), ticket.unsent == 0

    def _take(self, source: deque[tuple[Job, Ticket]], suspect: bool = False) -> Job:
        job, ticket = source.popleft()
        ticket.unsent -= 1
        self._in_hand[job.output] = Hand(job, ticket, suspect)
        return job

    def enter(self, output: str, phase: str) -> None:
        """A job in hand entered a phase."""
        if output in self._in_hand:
            hand = self._in_hand[output]
            hand.phase, hand.since = phase, time.monotonic()

    def close(self, output: str, outcome: Outcome | None) -> None:
        """A job in hand ended, or was left."""
        hand = self._in_hand.pop(output, None)
        if hand is not None:
            hand.ticket.close(output, outcome)

    def overdue(self) -> Hand | None:
        """A job that has been in one stage for too long."""
        now = time.monotonic()
        return next((hand for hand in self._in_hand.values() if hand.overdue(now)), None)

    def next_limit(self) -> float | None:
        """Seconds until some job's limit is reached, at most LONGEST_WAIT."""
        ends = [hand.since + hand.job.limit for hand in self._in_hand.values() if hand.phase in WORKING]
        return min(LONGEST_WAIT, max(0.0, min(ends) - time.monotonic()) + 0.01) if ends else None

    def place_again(self) -> list[Hand]:
        """The worker died. Jobs that were merely waiting there are queued again, those being worked on become suspects.

        Returns the ones that were present at too many deaths; they are out of the rota, their tickets still open.
        """
        hands, self._in_hand = list(self._in_hand.values()), {}
        blamed = []
        for hand in reversed(hands):
            hand.ticket.unsent += 1
            if hand.phase not in WORKING:
                self._queue.appendleft((hand.job, hand.ticket))
                continue
            deaths = self._deaths[hand.job.output] = self._deaths.get(hand.job.output, 0) + 1
            if deaths < MAX_DEATHS:
                self._suspects.appendleft((hand.job, hand.ticket))
            else:
                blamed.append(hand)
        return blamed

    def leave(self, everything: bool) -> None:
        """Leave what is not in hand for another night; with `everything`, what is in hand too."""
        left = [*self._suspects, *self._queue]
        self._suspects.clear()
        self._queue.clear()
        if everything:
            left += [(hand.job, hand.ticket) for hand in self._in_hand.values()]
            self._in_hand.clear()
        for job, ticket in left:
            ticket.close(job.output, None)

    def fail(self, error: NocturneError) -> None:
        """Nothing more can be made: every open ticket ends with this error."""
        hands = [(hand.job, hand.ticket) for hand in self._in_hand.values()]
        for _, ticket in [*hands, *self._suspects, *self._queue]:
            ticket.error = error
        self.leave(everything=True)
