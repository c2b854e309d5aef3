"""Recipe of training the transfer network: every parameter that decides its weights.

Neither torch nor Prefect is imported: the command line stays quick.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from core.config.base_recipe import RecipeModel, overrides_of
from core.config.presets import DEFAULT_PRESET, PRESETS
from core.config.recipe import Recipe
from core.networks.architecture import Precision

_LOSSES = PRESETS[DEFAULT_PRESET]


def _as_table(given: Any) -> Any:
    """`name=number` of the command line as a table; tables as they are.

    >>> _as_table(["dots=0.5", "the_scream=2"])
    {'dots': '0.5', 'the_scream': '2'}
    """
    if not isinstance(given, list | tuple):
        return given
    pairs = [str(each).rpartition("=") for each in given]
    if not all(name for name, _, _ in pairs):
        raise ValueError("must be `style=number`")
    return {name: number for name, _, number in pairs}


class TransferRecipe(RecipeModel):
    """How a network is trained to paint in one pass. Equal recipes on equal data give equal networks on one engine."""

    breadth: float = Field(
        default=1.0,
        ge=0.25,
        le=8,
        title="Breadth",
        description="Channels of the network, in times the usual ones: 2 takes four times the work for a picture.",
    )
    steps: int = Field(default=12_000, ge=1, le=100_000_000, title="Steps", description="Steps of the optimiser.")
    batch: int = Field(
        default=4,
        ge=1,
        le=256,
        title="Batch",
        description="Pictures in a step where they are cut to the smallest size.",
    )
    crops: tuple[Annotated[int, Field(ge=32, le=1024)], ...] = Field(
        default=(128, 128, 128, 192, 256),
        min_length=1,
        title="Crops",
        description="Sides of pictures in pixels; each step takes one, of larger ones fewer pictures.",
    )
    content_side: int = Field(
        default=288,
        ge=32,
        le=2048,
        title="Content side",
        description="Shortest side of the pictures that crops are taken from, in pixels.",
    )
    zoom: float = Field(
        default=2.0,
        ge=1,
        le=8,
        title="Zoom",
        description="A crop may show up to so many times its side, shrunk: forms of many sizes are learnt.",
    )
    trim: bool = Field(default=True, title="Trim", description="Cut white margins off first, and frames off artworks.")
    frame: float = Field(
        default=0.0,
        ge=0,
        le=0.3,
        title="Frame",
        description="Share of a side cut off all four sides of contents, where photographs show frames; artworks are "
        "learnt both so and whole, a catalog's own only whole.",
    )
    style_size: int = Field(
        default=512,
        ge=32,
        le=4096,
        title="Style size",
        description="Longest side of an artwork in pixels as its strokes are learnt.",
    )
    catalog_share: float = Field(
        default=0.6,
        ge=0,
        le=1,
        title="Catalog share",
        description="Share of pictures that learn a style of the catalog; the others learn styles of the artworks.",
    )
    identity_share: float = Field(
        default=0.06,
        ge=0,
        le=1,
        title="Identity share",
        description="Share of pictures that learn to stay as they are, which is what strength 0 is.",
    )
    jitter: float = Field(
        default=0.5, ge=0, le=1, title="Jitter", description="How much the colours of content pictures are varied."
    )
    content_weight: float = Field(
        default=_LOSSES.content_weight, ge=0, title="Content weight", description="Weight of the content loss."
    )
    style_weight: float = Field(
        default=_LOSSES.style_weight, ge=0, title="Style weight", description="Weight of the style loss of each layer."
    )
    style_shares: Annotated[dict[str, Annotated[float, Field(ge=0)]], BeforeValidator(_as_table)] = Field(
        default={},
        title="Style shares",
        description="What the style weight of a style is multiplied by, as `dots=0.5`: less for one that hides pictures.",
    )
    layer_weights: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        default=_LOSSES.layer_weights,
        title="Layer weights",
        description="Share of each style layer in the style's weight, shallow to deep.",
    )
    smooth: float = Field(
        default=0.0, ge=0, le=1, title="Smooth", description="How much grain between neighbouring pixels is punished."
    )
    rate: float = Field(default=1e-3, gt=0, le=1, title="Rate", description="Adam's learning rate.")
    warm: int = Field(default=200, ge=0, title="Warm", description="Steps in which the rate grows to its full size.")
    anneal: float = Field(
        default=0.4,
        ge=0,
        le=1,
        title="Anneal",
        description="Share of the steps, the last, in which the rate falls to 0.",
    )
    ema: int = Field(
        default=2_000,
        ge=0,
        title="EMA",
        description="Half-life of the average that is kept of the weights, in pictures; 0 keeps the last ones.",
    )
    seed: int = Field(default=0, ge=0, lt=2**31, title="Seed", description="Decides weights, order, crops and styles.")
    precision: Precision = Field(
        default="auto", title="Precision", description="`auto` is bfloat16 where the device has it, else float32."
    )

    def losses(self) -> Recipe:
        """The recipe of optimisation whose losses are learnt."""
        return _LOSSES.changed(
            {
                "size": self.style_size,
                "coarse_steps": 0,
                "whole_megapixels": 1000.0,
                "content_weight": self.content_weight,
                "style_weight": self.style_weight,
                "layer_weights": self.layer_weights,
                "smooth": self.smooth,
                "precision": self.precision,
            }
        )

    def batch_of(self, crop: int) -> int:
        """Pictures in a step with crops of this side: as many pixels as of the smallest, at least one.

        >>> [TransferRecipe().batch_of(side) for side in (128, 192, 256)]
        [4, 2, 1]
        """
        return max(1, round(self.batch * (min(self.crops) / crop) ** 2))


TransferOverrides = overrides_of(TransferRecipe)
"""Every field, optional: what a spec may change; checked when merged."""
