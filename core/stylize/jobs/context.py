"""Context of a run of style transfer: its inputs' places, styles, recipes and weights of scores; needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from core.config.recipe import Recipe
from core.config.score_weights import ScoreWeights
from core.planning.inputs import StyleFiles
from core.planning.jobs import Job
from core.planning.run_context import RunContext

if TYPE_CHECKING:
    import pyarrow as pa


class StylizeContext(RunContext):
    """What a worker of style transfer must know of a run. Paths are absolute; an empty library: assets' paths are."""

    kind: str = "stylize"
    library: Path
    masks: Path | None = None
    regions: Path | None = None
    max_pixels: int
    styles: dict[str, StyleFiles]
    """By name."""
    recipes: dict[str, Recipe]
    """By digest: every one that a job of the night may have."""
    scorer: str | None = None
    score_weights: ScoreWeights = Field(default_factory=ScoreWeights)
    choice: dict[str, Any] | None = None
    """The recipe that the plan chose where the spec names a quality or a time; see core.planning.frozen_recipe_choice."""
    auto: str | None = None
    """What the spec's `pairs` asked for where the plan chose the pairs; see core.runs.auto_pairs."""

    def subject(self, job: Job) -> str:
        """The asset and the style."""
        return f"{job.asset} in {job.style}"

    def remedy(self, job: Job) -> str:  # noqa: ARG002
        """The asset's file, or its working size."""
        return "look at the file, or lower `size`"

    def learn_cost(self, device: str, made: pa.Table) -> None:
        """Seconds a picture, by recipe and size."""
        from core.planning.cost_update import learn_pictures  # pyarrow comes with it

        learn_pictures(device, made, self.recipes)
