"""Context of a run of sampling: its checkpoint, its recipe and its scorer; needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.gan.networks.recipe import SampleRecipe
from core.planning.jobs import Job
from core.planning.run_context import RunContext

if TYPE_CHECKING:
    import pyarrow as pa


class SampleContext(RunContext):
    """What a worker of sampling must know of a run."""

    kind: str = "sample"
    checkpoint: Path
    digest: str
    """Of the generator's tensors: another one at that path is not drawn from."""
    network: str
    """What the speed of sampling is remembered by."""
    size: int
    """Side of a sample in pixels."""
    recipe: SampleRecipe
    scorer: str | None = None

    def subject(self, job: Job) -> str:
        """The seed and the checkpoint."""
        return f"seed {job.seed} of {job.checkpoint}"

    def remedy(self, job: Job) -> str:  # noqa: ARG002
        """The checkpoint, or the size of a micro-batch."""
        return "look at the checkpoint, or lower `lanes`"

    def learn_cost(self, device: str, made: pa.Table) -> None:
        """Seconds a sample, by network."""
        from core.planning.cost_update import learn_samples  # pyarrow comes with it

        learn_samples(device, made, self.network)
