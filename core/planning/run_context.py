"""Context of a run: what every worker must know besides its jobs; it goes from plan to worker, and into the plan file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.planning.jobs import Job

if TYPE_CHECKING:
    import pyarrow as pa


class RunContext(BaseModel):
    """Base of the contexts of all kinds of run. Fields that a later version adds have defaults, so that older plans open."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    """Name of the kind of run, as in core.runs.run_kinds."""
    run: str
    """Name of the run's folder; the manifest's column `run`."""
    unit: int = 1
    """Jobs that one call of the network makes: a group that is not the last of its shard is a multiple of it."""

    def subject(self, job: Job) -> str:
        """What messages call a job."""
        return job.output

    def remedy(self, job: Job) -> str:  # noqa: ARG002
        """What to do about a job that is too much for the machine: where to look, `or` what to lower."""
        return "look at what it is made of, or make it smaller"

    def plain(self) -> dict[str, Any]:
        """The context as plain JSON values; what is empty is left out."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value is not None}

    def learn_cost(self, device: str, made: pa.Table) -> None:
        """Correct the cost model of `device` by manifest rows of jobs that a night made."""
