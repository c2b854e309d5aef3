"""A backend of groups for tests of the engine: it sends bad jobs through the same troubles as `backends.Scribe`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.engine.backend import JobResult, StepCallback
from core.errors import JobError, Unreadable
from core.planning.jobs import Job
from core.storage.run_paths import OUTPUTS, output_path
from core.storage.store import Store
from core.storage.write_batch import WriteBatch
from tests.core.engine.backends import Scribe, ScribeContext


class Scriptorium:
    """Has a Scribe make every job of a group; `marks/groups` has a line for each group, with its size."""

    engine = "scriptorium"
    versions = "test"
    group, parallel_groups = 8, 1

    @staticmethod
    def resolve(device: str) -> str:
        return device

    @staticmethod
    def identity(resolved: str) -> str:
        return resolved

    def __init__(self, device: str) -> None:
        self.scribe = Scribe(device)

    def open(self, store: Store, context: ScribeContext) -> None:
        self.scribe.open(store, context)
        self.store, self.batch = store, WriteBatch(store)

    def decode(self, jobs: Sequence[Job]) -> list[str]:
        return [self.scribe.decode(job) for job in jobs]

    def make(self, jobs: Sequence[Job], decoded: list[str], report_step: StepCallback) -> list[bytes]:
        self.store.append("marks/groups", f"{len(jobs)}")
        return [self.scribe.make(job, name, report_step) for job, name in zip(jobs, decoded, strict=True)]

    def score(self, jobs: Sequence[Job], made: list[bytes]) -> list[bytes]:
        return [self.scribe.score(job, data) for job, data in zip(jobs, made, strict=True)]

    def needs_all_cores(self, jobs: Sequence[Job], decoded: list[str]) -> bool:
        return any("alone" in job.asset for job in jobs)

    def discard(self, decoded: list[str]) -> None:
        self.store.append("marks/dropped", f"{len(decoded)}")

    def write(self, jobs: Sequence[Job], made: list[bytes]) -> list[JobResult]:
        return [self._written(job, data) for job, data in zip(jobs, made, strict=True)]

    def flush_outputs(self) -> Mapping[str, JobError]:
        return {name[len(OUTPUTS) + 1 :]: error for name, error in self.batch.commit().items()}

    def _written(self, job: Job, data: bytes) -> JobResult:
        if "unwritten" in job.asset:
            return Unreadable(f"{job.asset} was not written.")
        self.batch.put(output_path(job.output), data)
        self.scribe._count("write", job)
        return {"pixels_sha256": data.hex(), "width": 1, "height": 1, "score": 0.5}


def sizes(root: Path) -> list[int]:
    """The sizes of the groups that were made, in order."""
    path = root / "marks/groups"
    return [int(line) for line in path.read_text().split()] if path.exists() else []
