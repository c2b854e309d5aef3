"""Which jobs wait, which are in hand, and which are suspected of killing workers. Bookkeeping alone: no process, no I/O."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.engine.messages import Outcome
from core.errors import NocturneError
from core.planning.jobs import Job

WINDOW = 8
"""Groups that the worker has at once: one in each of its four stages, one before each of the last three, and one that it
can begin while its supervisor is busy with something else. One with several hands has two for each of them.
"""

GROUP_SECONDS = 4.0
"""Predicted seconds of a group: it is lost as a whole when its worker is killed, and finished before a night stops."""

MAX_DEATHS = 3
"""Deaths of workers that a job may be present at before it is blamed."""

LONGEST_WAIT = 3600.0
"""Seconds for which the supervisor sleeps at most; the system's own limit is 24 days."""

WORKING = frozenset({"decode", "make", "score", "write"})
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
    """A group of jobs that the worker has: sent, and their rows not all committed yet. Most makers have groups of one.

    `jobs` are those that are not committed, by output.
    """

    jobs: dict[str, Job]
    ticket: Ticket
    suspect: bool = False
    phase: str = "sent"
    since: float = field(default_factory=time.monotonic)
    limit: float = field(init=False)
    """Seconds that the group may be in one stage: the limit of one job, and what the others are predicted to take."""

    def __post_init__(self) -> None:
        self.name = next(iter(self.jobs))
        others = sum(job.seconds for job in self.jobs.values()) - self.jobs[self.name].seconds
        self.limit = self.jobs[self.name].limit + others

    @property
    def job(self) -> Job:
        """The job of a group of one."""
        (job,) = self.jobs.values()
        return job

    def overdue(self, now: float) -> bool:
        """Whether the group has been in one stage for longer than its limit."""
        return self.phase in WORKING and now - self.since > self.limit


class Rota:
    """The jobs of one worker. Not for several threads at once: the supervisor's lock guards it.

    `group` is how many jobs the worker makes as one group; a group that is not the last of its ticket is a multiple of
    `unit`, which a run may ask for. `hands` is how many groups it makes at once.
    """

    def __init__(self) -> None:
        self.group = self.unit = self.hands = 1
        self._queue: deque[tuple[Job, Ticket]] = deque()
        self._suspects: deque[tuple[Job, Ticket]] = deque()
        self._in_hand: dict[str, Hand] = {}
        self._hand_of: dict[str, Hand] = {}
        self._deaths: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._queue) + len(self._suspects) + len(self._hand_of)

    def add(self, jobs: Sequence[Job]) -> Ticket:
        """Queue jobs behind those there are."""
        ticket = Ticket({job.output for job in jobs}, len(jobs))
        self._queue.extend((job, ticket) for job in jobs)
        ticket.settle()
        return ticket

    def next(self) -> tuple[tuple[Job, ...], bool] | None:
        """The group to send now, and whether it is to be committed as soon as it is made; None if the worker is full.

        Suspects go first, each of them alone. The last group of a ticket is committed at once.
        """
        if any(hand.suspect for hand in self._in_hand.values()):
            return None
        if self._suspects:
            return None if self._in_hand else (self._take(self._suspects, 1, suspect=True), True)
        active = sum(hand.phase != "finished" for hand in self._in_hand.values())
        if not self._queue or active >= max(WINDOW, 2 * self.hands):
            return None
        ticket = self._queue[0][1]
        return self._take(self._queue, self.group), ticket.unsent == 0

    def _take(self, source: deque[tuple[Job, Ticket]], most: int, suspect: bool = False) -> tuple[Job, ...]:
        """The next jobs of one ticket, up to `most` and to about GROUP_SECONDS."""
        ticket = source[0][1]
        jobs: dict[str, Job] = {}
        seconds = 0.0
        while source and source[0][1] is ticket and len(jobs) < most:
            if seconds >= GROUP_SECONDS and len(jobs) % self.unit == 0:
                break
            job = source.popleft()[0]
            jobs[job.output] = job
            seconds += job.seconds
        ticket.unsent -= len(jobs)
        hand = Hand(jobs, ticket, suspect)
        self._in_hand[hand.name] = hand
        self._hand_of.update(dict.fromkeys(jobs, hand))
        return tuple(jobs.values())

    def enter(self, name: str, phase: str) -> None:
        """A group in hand entered a phase."""
        if name in self._in_hand:
            hand = self._in_hand[name]
            hand.phase, hand.since = phase, time.monotonic()

    def close(self, output: str, outcome: Outcome | None) -> None:
        """A job in hand ended, or was left."""
        hand = self._hand_of.pop(output, None)
        if hand is not None:
            del hand.jobs[output]
            if not hand.jobs:
                del self._in_hand[hand.name]
            hand.ticket.close(output, outcome)

    def drop(self, name: str) -> None:
        """A group in hand was left undone."""
        for output in self._outputs(name):
            self.close(output, None)

    def split(self, name: str) -> None:
        """A group in hand failed as a whole: its jobs are tried one by one."""
        outputs = self._outputs(name)
        if outputs:
            hand = self._in_hand.pop(name)
            hand.ticket.unsent += len(outputs)
            self._suspects.extend((self._release(output), hand.ticket) for output in outputs)

    def _outputs(self, name: str) -> list[str]:
        return list(self._in_hand[name].jobs) if name in self._in_hand else []

    def _release(self, output: str) -> Job:
        return self._hand_of.pop(output).jobs[output]

    def overdue(self) -> Hand | None:
        """A group that has been in one stage for too long."""
        now = time.monotonic()
        return next((hand for hand in self._in_hand.values() if hand.overdue(now)), None)

    def next_limit(self) -> float | None:
        """Seconds until some group's limit is reached, at most LONGEST_WAIT."""
        ends = [hand.since + hand.limit for hand in self._in_hand.values() if hand.phase in WORKING]
        return min(LONGEST_WAIT, max(0.0, min(ends) - time.monotonic()) + 0.01) if ends else None

    def place_again(self) -> list[Hand]:
        """The worker died. Jobs that were merely waiting there are queued again, those being worked on become suspects.

        Returns the ones that were present at too many deaths; they are out of the rota, their tickets still open.
        """
        hands = list(self._in_hand.values())
        self._in_hand, self._hand_of = {}, {}
        blamed = []
        for hand in reversed(hands):
            hand.ticket.unsent += len(hand.jobs)
            for job in reversed(hand.jobs.values()):
                if hand.phase not in WORKING:
                    self._queue.appendleft((job, hand.ticket))
                elif self._died(job) < MAX_DEATHS:
                    self._suspects.appendleft((job, hand.ticket))
                else:
                    blamed.append(Hand({job.output: job}, hand.ticket))
        return blamed

    def _died(self, job: Job) -> int:
        """Count one more death at which the job was present."""
        deaths = self._deaths[job.output] = self._deaths.get(job.output, 0) + 1
        return deaths

    def leave(self, everything: bool) -> None:
        """Leave what is not in hand for another night; with `everything`, what is in hand too."""
        left = [*self._suspects, *self._queue]
        self._suspects.clear()
        self._queue.clear()
        if everything:
            left += self._held()
            self._in_hand, self._hand_of = {}, {}
        for job, ticket in left:
            ticket.close(job.output, None)

    def fail(self, error: NocturneError) -> None:
        """Nothing more can be made: every open ticket ends with this error."""
        for _, ticket in [*self._held(), *self._suspects, *self._queue]:
            ticket.error = error
        self.leave(everything=True)

    def _held(self) -> list[tuple[Job, Ticket]]:
        return [(job, hand.ticket) for hand in self._in_hand.values() for job in hand.jobs.values()]
