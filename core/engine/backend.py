"""Backend protocol: what the engine asks of a method, to decode, make, score and write a job or a group of jobs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from core.errors import JobError, NocturneError
from core.planning.jobs import Job
from core.planning.run_context import RunContext
from core.storage.store import Store

StepCallback = Callable[[int, int, float], None]
"""Called with (step, steps, loss) while a job is made; it may raise to abandon the job."""


class Backend(Protocol):
    """Makes jobs in four stages, each in its own thread, one job at a time in a stage.

    Any stage may raise a JobError: the job's row then says why, and the next job goes on.
    """

    engine: str
    """What the bits depend on besides the job; the manifest's column `engine`."""
    versions: str
    """The manifest's column `versions`."""

    @staticmethod
    def resolve(device: str) -> str:
        """The very device that a spec's `device` means here. Raises SpecError if it is not there."""

    def __init__(self, device: str) -> None:
        """Load what every run needs onto a resolved device."""

    def open(self, store: Store, context: RunContext) -> None:
        """Take up a run."""

    def decode(self, job: Job) -> Any:
        """Read the job's inputs."""

    def make(self, job: Job, decoded: Any, report_step: StepCallback) -> Any:
        """Compute the output; calls `report_step` at every step."""

    def score(self, job: Job, made: Any) -> Any:
        """Judge what was made, while the next job is. Returns what `write` gets in its place."""

    def write(self, job: Job, made: Any) -> dict[str, Any]:
        """Write the output under its final name. Returns its columns of the manifest's row."""


JobResult = dict[str, Any] | JobError
"""What became of one job of a group: its columns of the manifest's row, or why it was not made."""


@runtime_checkable
class GroupBackend(Protocol):
    """Makes jobs that are too quick to travel alone: up to `group` of them pass the four stages together.

    What a stage raises is of the whole group: its jobs are then tried one by one.
    """

    engine: str
    versions: str
    group: int
    """Most jobs in a group."""
    parallel_groups: int
    """Groups that are made at once in a run that is open, each in a thread of its own; 1: each stage has a thread."""

    def open(self, store: Store, context: RunContext) -> None:
        """Take up a run."""

    def decode(self, jobs: Sequence[Job]) -> Any:
        """Read what the jobs need; computing may begin here."""

    def make(self, jobs: Sequence[Job], decoded: Any, report_step: StepCallback) -> Any:
        """Compute the outputs; calls `report_step` now and then."""

    def needs_all_cores(self, jobs: Sequence[Job], decoded: Any) -> bool:
        """Whether a group is to be made with no other beside it; asked where `parallel_groups` is over 1."""

    def discard(self, decoded: Any) -> None:
        """Discard a group that was decoded and is not to be made tonight."""

    def score(self, jobs: Sequence[Job], made: Any) -> Any:
        """Judge what was made, while the next group is. Returns what `write` gets in its place."""

    def write(self, jobs: Sequence[Job], made: Any) -> Sequence[JobResult]:
        """Write the outputs, which need not be on the disk before `flush_outputs`. Returns what became of each job."""

    def flush_outputs(self) -> Mapping[str, JobError]:
        """Have on the disk, under their final names, all outputs written so far: their rows are about to be committed.

        Returns why, by output, for each that could not be placed. Raises StoreBroken.
        """


class SingleJobs:
    """A backend of single jobs as one of groups: groups of one."""

    group = parallel_groups = 1

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.engine, self.versions = backend.engine, backend.versions
        self.open = backend.open

    def decode(self, jobs: Sequence[Job]) -> Any:
        """See Backend."""
        return self._backend.decode(jobs[0])

    def make(self, jobs: Sequence[Job], decoded: Any, report_step: StepCallback) -> Any:
        """See Backend."""
        return self._backend.make(jobs[0], decoded, report_step)

    def needs_all_cores(self, jobs: Sequence[Job], decoded: Any) -> bool:  # noqa: ARG002
        """It always is."""
        return True

    def discard(self, decoded: Any) -> None:
        """See GroupBackend."""

    def score(self, jobs: Sequence[Job], made: Any) -> Any:
        """See Backend."""
        return self._backend.score(jobs[0], made)

    def write(self, jobs: Sequence[Job], made: Any) -> Sequence[JobResult]:
        """See Backend."""
        return [self._backend.write(jobs[0], made)]

    def flush_outputs(self) -> Mapping[str, JobError]:
        """A single backend's outputs are on the disk once they are written."""
        return {}


def as_group_backend(backend: Any) -> GroupBackend:
    """A backend of either sort as one that makes groups."""
    return backend if isinstance(backend, GroupBackend) else SingleJobs(backend)


def load_backend(name: str) -> type[Backend]:
    """The class called `module:Class`. Raises NocturneError if there is none."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]
    except (ImportError, AttributeError) as error:
        raise NocturneError(f"no backend {name!r}: {error}.") from error
