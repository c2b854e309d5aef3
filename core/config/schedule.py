"""Schedule of an optimisation: method, sizes from coarse to fine, steps at each, tiles, stopping rule."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from core.config.base_recipe import ADDED_LATER, RecipeModel
from core.config.methods import Method

COARSEST = 96
"""The longest side in pixels below which no coarser size is made: the network sees forms of that size whole."""

TILED_WORK = 1.9
"""Work of a pass in tiles, in whole passes: one more forward pass, for the moments, and the frames of the tiles."""


class Schedule(RecipeModel):
    """Method, sizes, steps and stopping rule of a recipe."""

    method: Method = Field(
        default="optimise",
        title="Method",
        description="`optimise` the picture's pixels, paint it in one pass of a network (`fast`), or `polish` that.",
    )
    network: str = Field(
        default="packaged",
        title="Network",
        description="What paints in one pass: `packaged`, or a network file of `nocturne train-style`.",
    )
    size: int = Field(
        default=512,
        ge=16,
        le=16_384,
        title="Size",
        description="Longest side of the output in pixels; never enlarges the asset.",
    )
    steps: int = Field(default=40, ge=1, le=20_000, title="Steps", description="Passes of the network at full size.")
    coarse_steps: int = Field(
        default=0,
        ge=0,
        le=20_000,
        title="Coarse steps",
        description="Passes at each coarser size before, down to about 100 pixels.",
    )
    scale_ratio: float = Field(
        default=2.0,
        ge=1.2,
        le=4,
        title="Scale ratio",
        description="How much smaller each coarser size is than the next: 2 halves, 1.414 goes by half the pixels.",
    )
    whole_megapixels: float = Field(
        default=2.0,
        gt=0.01,
        le=1000,
        title="Whole megapixels",
        description="Pictures of more pixels are done in tiles, against the style of the whole.",
    )
    tile_steps: int = Field(
        default=4, ge=1, le=1000, title="Tile steps", description="Passes at each size that is done in tiles, at most."
    )
    patience: int = Field(
        default=0,
        ge=0,
        title="Patience",
        description="Passes without progress after which a size is done; 0 always takes all its passes.",
    )
    tolerance: float = Field(
        default=0.01,
        ge=0,
        lt=1,
        title="Tolerance",
        description="Share of the loss that must go within `patience` passes to count as progress.",
    )
    polish_to: float = Field(
        default=0.0,
        ge=0,
        title="Polish to",
        description="Loss at which a polished picture is done; 0 leaves it to `steps` and `patience`.",
    )
    optimiser: Literal["lbfgs", "adam"] = Field(
        default="lbfgs", title="Optimiser", description="How steps are chosen: L-BFGS, or Adam (Kingma & Ba 2015)."
    )
    rate: float = Field(
        default=0.02, gt=0, le=1, title="Rate", description="Adam's size of a step, in units of white; L-BFGS has none."
    )
    decoding: Annotated[Literal["full", "reduced"], ADDED_LATER] = Field(
        default="full",
        title="Decoding",
        description="reduced: a JPEG at least 4 times as large as it is looked at is decoded at a fraction of its size.",
    )
    lanes: int = Field(
        default=1,
        ge=1,
        le=64,
        title="Lanes",
        description="Pictures in one call of the network, always: 1 on a CPU, 4 to 16 on a GPU.",
    )

    def in_tiles(self, width: int, height: int) -> bool:
        """Whether a picture of this size is done in tiles."""
        return width * height > self.whole_megapixels * 1e6

    def steps_at(self, level: int, width: int, height: int) -> int:
        """Passes at a level (0 is full size) where the picture has this size."""
        steps = self.coarse_steps if level else self.steps
        return min(steps, self.tile_steps) if self.in_tiles(width, height) else steps

    def coarser(self, longest: int) -> int:
        """How many coarser sizes a picture with this longest side in pixels is made at first."""
        if not self.coarse_steps or self.method == "polish" or longest < COARSEST:
            return 0
        return int(math.log(longest / COARSEST) / math.log(self.scale_ratio) + 1e-9)

    def passes(self, width: int, height: int) -> float:
        """The work of optimising a picture of this size at most, in passes of the backbone at full size, forward and
        backward.
        """
        work = 0.0
        for level, sides in self._levels(width, height):
            each = TILED_WORK if self.in_tiles(*sides) else 1.0
            work += each * self.steps_at(level, *sides) / (self.scale_ratio**level) ** 2
        return work

    def pass_count(self, width: int, height: int) -> int:
        """How many passes of the backbone optimising a picture of this size takes at most, of whatever size each is."""
        return sum(self.steps_at(level, *sides) for level, sides in self._levels(width, height))

    def _levels(self, width: int, height: int) -> Iterator[tuple[int, tuple[int, int]]]:
        """The levels, 0 being full size, and the width and height of a picture at each; none if it is not optimised."""
        if self.method == "fast":
            return
        asset = max(1.0, max(width, height) / self.size)
        width, height = round(width / asset), round(height / asset)
        for level in range(self.coarser(max(width, height)) + 1):
            smaller = self.scale_ratio**level
            yield level, (max(1, round(width / smaller)), max(1, round(height / smaller)))
