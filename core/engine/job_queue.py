"""Job queue of one worker: queued, in-flight and crash-suspect jobs. Bookkeeping alone: no process, no I/O."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.engine.awake_time import awake_time
from core.engine.messages import Outcome
from core.errors import NocturneError
from core.planning.jobs import Job

WINDOW = 8
"""Groups that the worker has at once: one in each of its four stages, one before each of the last three, and one that it
can begin while its supervisor is busy with something else. One that makes several groups in parallel has two for each.
"""

GROUP_SECONDS = 4.0
"""Predicted seconds of a group: it is lost as a whole when its worker is killed, and finished before a night stops."""

MAX_CRASHES = 3
"""Crashes of workers during which a job may be in work before it fails as their cause."""

LONGEST_WAIT = 2.0
"""Seconds for which the supervisor sleeps at most: the clock of limits wants to be asked."""

WORKING = frozenset({"decode", "make", "score", "write"})
"""Phases in which a job has its time limit, and can be the cause of a crash."""


@dataclass
class Submission:
    """The jobs of one call of `Supervisor.submit`, and how they ended; a future of their outcomes."""

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

    def finish(self, output: str, outcome: Outcome | None) -> None:
        """Record how a job ended; None: it was left."""
        self.waiting.discard(output)
        if outcome is None:
            self.left += 1
        else:
            self.outcomes.append(outcome)
        self._wake_if_done()

    def _wake_if_done(self) -> None:
        """Wake whoever waits, if nothing is open any more."""
        if not self.waiting:
            self.over.set()


@dataclass
class InFlight:
    """A group of jobs in flight: sent to the worker, and their rows not all committed yet. Most backends have groups of one.

    `jobs` are those that are not committed, by output.
    """

    jobs: dict[str, Job]
    submission: Submission
    suspect: bool = False
    phase: str = "sent"
    since: float = field(default_factory=awake_time)
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

    def ends(self, others: float) -> float:
        """When the group will have been in one stage for too long, beside others that are predicted to take so many
        seconds.
        """
        return self.since + self.limit + others


class JobQueue:
    """Queued, in-flight and suspect jobs of one worker. Not thread-safe: the supervisor's lock guards it.

    `group` is how many jobs the worker makes as one group; a group that is not the last of its submission is a multiple of
    `unit`, which a run may ask for. `parallel` is how many groups it makes at once, `together` if in one piece of work.
    """

    def __init__(self) -> None:
        self.group = self.unit = self.parallel = 1
        self.together = False
        self._queue: deque[tuple[Job, Submission]] = deque()
        self._suspects: deque[tuple[Job, Submission]] = deque()
        self._in_flight: dict[str, InFlight] = {}
        self._group_of: dict[str, InFlight] = {}
        self._crashes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._queue) + len(self._suspects) + len(self._group_of)

    def add(self, jobs: Sequence[Job]) -> Submission:
        """Queue jobs behind those there are."""
        submission = Submission({job.output for job in jobs}, len(jobs))
        self._queue.extend((job, submission) for job in jobs)
        submission._wake_if_done()
        return submission

    def next_group(self) -> tuple[tuple[Job, ...], bool] | None:
        """The group to send now, and whether it is to be committed as soon as it is made; None if the worker is full.

        Suspects go first, each of them alone. The last group of a submission is committed at once.
        """
        if any(group.suspect for group in self._in_flight.values()):
            return None
        if self._suspects:
            return None if self._in_flight else (self._take(self._suspects, 1, suspect=True), True)
        active = sum(group.phase != "finished" for group in self._in_flight.values())
        if not self._queue or active >= max(WINDOW, 2 * self.parallel):
            return None
        submission = self._queue[0][1]
        return self._take(self._queue, self.group), submission.unsent == 0

    def _take(self, source: deque[tuple[Job, Submission]], most: int, suspect: bool = False) -> tuple[Job, ...]:
        """The next jobs of one submission, up to `most` and to about GROUP_SECONDS."""
        submission = source[0][1]
        jobs: dict[str, Job] = {}
        seconds = 0.0
        while source and source[0][1] is submission and len(jobs) < most:
            if seconds >= GROUP_SECONDS and len(jobs) % self.unit == 0:
                break
            job = source.popleft()[0]
            jobs[job.output] = job
            seconds += job.seconds
        submission.unsent -= len(jobs)
        group = InFlight(jobs, submission, suspect)
        self._in_flight[group.name] = group
        self._group_of.update(dict.fromkeys(jobs, group))
        return tuple(jobs.values())

    def enter_phase(self, name: str, phase: str) -> None:
        """Record that an in-flight group entered a phase."""
        if name in self._in_flight:
            group = self._in_flight[name]
            group.phase, group.since = phase, awake_time()

    def suspect_only(self, names: Sequence[str]) -> None:
        """Take every other in-flight group for one that merely waits: the worker is about to die, and says of which."""
        for group in self._in_flight.values():
            if group.name not in names and group.phase in WORKING:
                group.phase = "wait"

    def finish(self, output: str, outcome: Outcome | None) -> None:
        """Record how an in-flight job ended; None: it was left."""
        group = self._group_of.pop(output, None)
        if group is not None:
            del group.jobs[output]
            if not group.jobs:
                del self._in_flight[group.name]
            group.submission.finish(output, outcome)

    def drop_group(self, name: str) -> None:
        """Leave an in-flight group for another night."""
        for output in self._outputs(name):
            self.finish(output, None)

    def split_group(self, name: str) -> None:
        """Queue the jobs of a group that failed as a whole as suspects, to be tried one by one."""
        outputs = self._outputs(name)
        if outputs:
            group = self._in_flight.pop(name)
            group.submission.unsent += len(outputs)
            self._suspects.extend((self._release(output), group.submission) for output in outputs)

    def _outputs(self, name: str) -> list[str]:
        return list(self._in_flight[name].jobs) if name in self._in_flight else []

    def _release(self, output: str) -> Job:
        return self._group_of.pop(output).jobs[output]

    def overdue(self) -> InFlight | None:
        """A group that has been in one stage for too long."""
        now = awake_time()
        return next((group for group, end in self._ends() if now > end), None)

    def is_alone(self, group: InFlight) -> bool:
        """Whether a group in work is one job, and no other is made in one piece of work with it."""
        shares = self.together and group.phase == "make"
        others = [each for each in self._in_flight.values() if each is not group and each.phase == "make"]
        return len(group.jobs) == 1 and not (shares and others)

    def seconds_to_timeout(self) -> float | None:
        """Seconds until some group's limit is reached, at most LONGEST_WAIT."""
        ends = [end for _, end in self._ends()]
        return min(LONGEST_WAIT, max(0.0, min(ends) - awake_time()) + 0.01) if ends else None

    def _ends(self) -> list[tuple[InFlight, float]]:
        """When the groups in work will have been in one stage for too long: later where others share the device."""
        groups = [group for group in self._in_flight.values() if group.phase in WORKING]
        seconds = [sum(job.seconds for job in group.jobs.values()) for group in groups]
        shared = sum(seconds) if self.parallel > 1 else 0.0
        return [(group, group.ends(max(0.0, shared - own))) for group, own in zip(groups, seconds, strict=True)]

    def requeue_after_crash(self) -> list[InFlight]:
        """Requeue the in-flight jobs of a worker that died: those that waited there as before, those in work as suspects.

        Returns the ones that were in work at too many crashes; they are out of the queue, their submissions still open.
        """
        groups = list(self._in_flight.values())
        self._in_flight, self._group_of = {}, {}
        failed = []
        for group in reversed(groups):
            group.submission.unsent += len(group.jobs)
            for job in reversed(group.jobs.values()):
                if group.phase not in WORKING:
                    self._queue.appendleft((job, group.submission))
                elif self._count_crash(job) < MAX_CRASHES:
                    self._suspects.appendleft((job, group.submission))
                else:
                    failed.append(InFlight({job.output: job}, group.submission))
        return failed

    def _count_crash(self, job: Job) -> int:
        """Count one more crash during which the job was in work."""
        crashes = self._crashes[job.output] = self._crashes.get(job.output, 0) + 1
        return crashes

    def drop_pending(self, in_flight: bool) -> None:
        """Leave queued jobs for another night; with `in_flight`, those in flight too."""
        left = [*self._suspects, *self._queue]
        self._suspects.clear()
        self._queue.clear()
        if in_flight:
            left += self._in_flight_jobs()
            self._in_flight, self._group_of = {}, {}
        for job, submission in left:
            submission.finish(job.output, None)

    def fail(self, error: NocturneError) -> None:
        """End every open submission with this error: nothing more can be made."""
        for _, submission in [*self._in_flight_jobs(), *self._suspects, *self._queue]:
            submission.error = error
        self.drop_pending(in_flight=True)

    def _in_flight_jobs(self) -> list[tuple[Job, Submission]]:
        return [(job, group.submission) for group in self._in_flight.values() for job in group.jobs.values()]
