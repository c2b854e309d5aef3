"""Jobs of a GPU: walked together in batches as they come, or painted in one pass, as many at once as have one size."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from core.engine.backend import GroupSource, StreamedGroup
from core.errors import JobError
from core.networks.memory import is_out_of_memory
from core.planning.jobs import Job
from core.stylize.jobs.backend import StylizeBackend
from core.stylize.jobs.job_inputs import Decoded
from core.stylize.optimise.batched.lane_count import LaneCount
from core.stylize.optimise.batched.run_batches import BatchedRun, WalkStart
from core.stylize.optimise.optimisation import PictureRead
from core.stylize.optimise.optimise import OnStep, Result


@dataclass(eq=False)
class GroupInHand:
    """A group of which not every job has ended, by place; the first error is the group's."""

    group: StreamedGroup
    ends: dict[int, Result] = field(default_factory=dict)
    error: JobError | None = None
    ended: int = 0


@dataclass(frozen=True, eq=False)
class JobInHand:
    """A job of a group."""

    of: GroupInHand
    place: int

    @property
    def job(self) -> Job:
        """The job."""
        return self.of.group.jobs[self.place]

    @property
    def decoded(self) -> Decoded:
        """Its inputs."""
        decoded: Decoded = self.of.group.payload[self.place]
        return decoded


Walk: TypeAlias = WalkStart[Result]


class JobStream:
    """Takes groups from a source for as long as there are any, and gives back what became of them."""

    def __init__(self, backend: StylizeBackend, lanes: LaneCount, source: GroupSource) -> None:
        self._backend, self._source, self._lanes = backend, source, lanes
        self._walks: deque[tuple[JobInHand, PictureRead | None]] = deque()
        self._one_pass: deque[JobInHand] = deque()
        self._walking: list[JobInHand | None] = []

    def run(self) -> None:
        """Make jobs until there will be none. Raises what is no JobError, for all that were taken and not given."""
        for number, end in BatchedRun(self._next_walk, self._lanes).results():
            job = self._walking[number]
            assert job is not None, "every walk ends once"
            self._walking[number] = None
            self._end(job, end)

    def _next_walk(self, wait: bool) -> Walk | None:
        """The next job to optimise; what is painted in one pass is painted on the way."""
        while True:
            if self._walks:
                job, start = self._walks.popleft()
                self._walking.append(job)
                return self._backend.walk(job.job, job.decoded, self._on_step(job), start)
            if not self._one_pass and not self._fetch(wait):
                return None
            while self._one_pass:
                self._paint_together()

    def _fetch(self, wait: bool) -> bool:
        """Take a group, and if it is to be painted in one pass, more of that kind to fill the lanes."""
        group = self._source.take(wait)
        while group is not None:
            hand = GroupInHand(group)
            for job in (JobInHand(hand, place) for place in range(len(group.jobs))):
                if self._backend.recipe_of(job.job).method == "optimise":
                    self._walks.append((job, None))
                else:
                    self._one_pass.append(job)
            full = len(self._one_pass) >= self._lanes.most
            group = self._source.take(False) if self._one_pass and not full else None
        return bool(self._walks or self._one_pass)

    def _paint_together(self) -> None:
        """Paint those of the first job's recipe and size, by half as many lanes where memory runs short."""
        first = self._one_pass[0]
        alike = [job for job in self._one_pass if _kind(job) == _kind(first)]
        width, height = first.decoded.content.size
        jobs = alike[: self._lanes.of(height, width)]
        short_of_memory = False
        try:
            self._paint(jobs)
        except Exception as error:
            short_of_memory = is_out_of_memory(error) and self._lanes.halve()
            if not short_of_memory:
                raise
        if short_of_memory:  # by now nothing holds what was computed
            if self._lanes.device.type == "cuda":
                torch.cuda.empty_cache()
            return
        self._one_pass = deque(job for job in self._one_pass if job not in jobs)

    def _paint(self, jobs: Sequence[JobInHand]) -> None:
        on_step = self._on_step(jobs[0])
        try:
            painted = dict(
                self._backend.painted_in_one_pass([job.job for job in jobs], [job.decoded for job in jobs], on_step)
            )
        except JobError as error:
            if len(jobs) == 1:
                self._end(jobs[0], error)
                return
            for job in jobs:  # which is at fault shows alone
                self._paint([job])
            return
        for number, picture in painted.items():
            if self._backend.recipe_of(jobs[number].job).method == "fast":
                self._end(jobs[number], self._backend.result_of(picture, jobs[number].decoded))
            else:
                self._walks.append((jobs[number], picture))

    def _on_step(self, job: JobInHand) -> OnStep:
        report = self._source.report_step(job.of.group)
        return lambda step: report(step.step, step.steps, step.loss)

    def _end(self, job: JobInHand, end: Result | JobError) -> None:
        """Take what became of a job, and give its group back with its last one."""
        hand = job.of
        hand.ended += 1
        if isinstance(end, JobError):
            hand.error = hand.error or end
        else:
            hand.ends[job.place] = end
        if hand.ended == len(hand.group.jobs):
            made = hand.error or [(hand.group.payload[place], hand.ends[place]) for place in sorted(hand.ends)]
            self._source.give(hand.group, made)


def _kind(job: JobInHand) -> tuple[object, ...]:
    return (job.job.recipe, job.decoded.content.size)
