"""Backends of single jobs as backends of groups of one: for tests whose backends need no groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from core.engine.backend import JobResult, StepCallback
from core.errors import JobError
from core.planning.jobs import Job


class SingleJobs:
    """Has a backend of the class `single`, whose stages take one job each, make groups of one."""

    single: ClassVar[type]
    group = parallel_groups = 1

    @classmethod
    def resolve(cls, device: str) -> str:
        resolved: str = cls.single.resolve(device)  # type: ignore[attr-defined]
        return resolved

    @classmethod
    def identity(cls, resolved: str) -> str:
        identity: str = getattr(cls.single, "identity", str)(resolved)
        return identity

    def __init__(self, device: str, backend: Any = None) -> None:
        self.one = self.single(device) if backend is None else backend
        self.engine, self.versions, self.open = self.one.engine, self.one.versions, self.one.open

    def decode(self, jobs: Sequence[Job]) -> Any:
        return self.one.decode(jobs[0])

    def make(self, jobs: Sequence[Job], decoded: Any, report_step: StepCallback) -> Any:
        return self.one.make(jobs[0], decoded, report_step)

    def needs_all_cores(self, jobs: Sequence[Job], decoded: Any) -> bool:
        return True

    def discard(self, decoded: Any) -> None:
        pass

    def score(self, jobs: Sequence[Job], made: Any) -> Any:
        return self.one.score(jobs[0], made)

    def write(self, jobs: Sequence[Job], made: Any) -> Sequence[JobResult]:
        return [self.one.write(jobs[0], made)]

    def flush_outputs(self) -> Mapping[str, JobError]:
        return {}
