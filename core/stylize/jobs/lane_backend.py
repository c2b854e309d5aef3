"""Style transfer of several jobs at once, as many in one call of the network as their recipe has lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.engine.backend import GroupSource, JobResult, StepCallback, StreamSize
from core.errors import JobError
from core.planning.jobs import Job
from core.storage.run_paths import output_of
from core.storage.store import Store
from core.storage.write_batch import BatchedStore
from core.stylize.jobs.backend import ScoredOutput, StylizeBackend
from core.stylize.jobs.context import StylizeContext
from core.stylize.jobs.job_inputs import Decoded
from core.stylize.jobs.job_stream import JobStream
from core.stylize.optimise.optimise import Result

Unscored = tuple[Decoded, Result]


class LaneBackend:
    """StylizeBackend for groups of jobs; see Backend. Recipes of one lane have groups of one job."""

    group = 1
    """A run whose recipes have lanes asks for more: its `unit`."""
    parallel_groups = 1

    def __init__(self, device: str) -> None:
        self._backend = StylizeBackend(device)
        self.engine, self.versions = self._backend.engine, self._backend.versions
        self.stream: StreamSize | None = None

    @staticmethod
    def resolve(device: str) -> str:
        """See Backend."""
        return StylizeBackend.resolve(device)

    @staticmethod
    def identity(resolved: str) -> str:
        """See Backend."""
        return StylizeBackend.identity(resolved)

    def open(self, store: Store, context: StylizeContext) -> None:
        """See Backend."""
        self._store = BatchedStore(store)
        self._backend.open(self._store, context)
        self.parallel_groups, self.stream = self._backend.parallel_groups, self._backend.stream

    def decode(self, jobs: Sequence[Job]) -> list[Decoded]:
        """Read the inputs of every job. Raises as StylizeBackend does, for the group."""
        return [self._backend.decode(job) for job in jobs]

    def make(self, jobs: Sequence[Job], decoded: Sequence[Decoded], report_step: StepCallback) -> list[Unscored]:
        """Make every picture. Raises NotFinite, for the group."""
        made: dict[int, Unscored] = {}
        recipes = dict.fromkeys(job.recipe for job in jobs)
        for recipe in recipes:
            numbers = [number for number, job in enumerate(jobs) if job.recipe == recipe]
            mine = [jobs[number] for number in numbers], [decoded[number] for number in numbers]
            for place, result in self._backend.results(
                *mine, lambda step: report_step(step.step, step.steps, step.loss)
            ):
                number = numbers[place]
                made[number] = (decoded[number], result)
        return [made[number] for number in range(len(jobs))]

    def make_stream(self, source: GroupSource) -> None:
        """See StreamBackend."""
        assert self._backend.lanes is not None, "a stream has lanes"
        JobStream(self._backend, self._backend.lanes, source).run()

    def held_bytes(self, decoded: Sequence[Decoded]) -> int:
        """See StreamBackend."""
        return sum(each.nbytes for each in decoded)

    def needs_all_cores(self, jobs: Sequence[Job], decoded: Sequence[Decoded]) -> bool:
        """Whether a picture is so large that it is painted by all cores."""
        return any(self._backend.is_large(job, each) for job, each in zip(jobs, decoded, strict=True))

    def discard(self, decoded: Sequence[Decoded]) -> None:
        """Nothing is held that needs to be let go."""

    def score(self, jobs: Sequence[Job], made: Sequence[Unscored]) -> list[ScoredOutput]:
        """Finish and judge every picture."""
        return [self._backend.scored(job, *each) for job, each in zip(jobs, made, strict=True)]

    def write(self, jobs: Sequence[Job], made: Sequence[ScoredOutput]) -> list[JobResult]:
        """Write every picture, to have its name once it is settled; what cannot be written is that job's own fault."""
        return [self._written(job, each) for job, each in zip(jobs, made, strict=True)]

    def flush_outputs(self) -> Mapping[str, JobError]:
        """Flush the pictures written so far together, and give them and their small views their names."""
        unnamed = self._store.commit()
        return {output: error for name, error in unnamed.items() if (output := output_of(name)) is not None}

    def _written(self, job: Job, made: ScoredOutput) -> JobResult:
        try:
            return self._backend.write(job, made)
        except JobError as error:
            return error
