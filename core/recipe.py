"""Recipes of style transfer: the method, and every parameter that decides an output's pixels."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from core.architecture import BACKBONES, Name, Smoothing
from core.delivery import Depth, FileFormat, KeepProfile, OutputSize, Quality, check_depth
from core.recipe_model import RecipeModel, overrides_of

VGG19 = BACKBONES["vgg19"]

OF_THE_BACKBONE = {*VGG19.own, "feature_temperature", "layer_weights"}
"""Fields that mean nothing for another backbone."""

COARSEST = 96
"""The longest side in pixels below which no coarser size is made: the network sees forms of that size whole."""

TILED_WORK = 1.9
"""Work of a pass in tiles, in whole passes: one more forward pass, for the moments, and the frames of the tiles."""

ALGORITHM = {"optimise": 3}
"""One integer per method, part of every key. Raise it when a golden-picture test changes."""


class Recipe(RecipeModel):
    """How a picture is stylised. Equal recipes give equal pixels on one engine."""

    method: Literal["optimise"] = Field(
        default="optimise",
        title="Method",
        description="How the picture is made: by optimising its pixels (Gatys et al. 2016).",
    )
    size: int = Field(
        default=512,
        ge=16,
        le=8192,
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
    optimiser: Literal["lbfgs", "adam"] = Field(
        default="lbfgs", title="Optimiser", description="How steps are chosen: L-BFGS, or Adam (Kingma & Ba 2015)."
    )
    rate: float = Field(
        default=0.02, gt=0, le=1, title="Rate", description="Adam's size of a step, in units of white; L-BFGS has none."
    )
    lanes: int = Field(
        default=1,
        ge=1,
        le=64,
        title="Lanes",
        description="Pictures in one call of the network, always: 1 on a CPU, 4 to 16 on a GPU.",
    )
    strength: float = Field(
        default=1.0,
        ge=0,
        le=1,
        title="Strength",
        description="How far the picture goes from the asset's own look (0) to the style's (1).",
    )
    brush: float = Field(
        default=1.0,
        ge=0.2,
        le=4,
        title="Brush",
        description="Size of the style's strokes in the picture; 1 shows artwork and picture at one size.",
    )
    detail: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Detail",
        description="How much of the asset's fine drawing is kept, beside its forms.",
    )
    smooth: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Smooth",
        description="How much grain between neighbouring pixels is smoothed away (total variation).",
    )
    feather: float = Field(
        default=0.02,
        ge=0,
        le=0.5,
        title="Feather",
        description="Width of the soft edges of masks and regions, in longest sides of the picture; 0 is hard.",
    )
    init: Literal["content", "noise"] = Field(
        default="content",
        title="Start",
        description="Start from the asset, or from noise drawn with the job's seed.",
    )
    start_noise: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Noise in the start",
        description="Size of the seed's noise added to the asset; with 0, all seeds give one picture.",
    )
    low_frequencies: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Low frequencies",
        description="Steps grow with the frequency to the power of minus this; 0 is plain pixels.",
    )
    backbone: Name = Field(
        default=VGG19.name,
        title="Backbone",
        description="Network whose features are compared; another one has its own weights, layers and smoothing.",
    )
    weights: str = Field(
        default=VGG19.weights,
        title="Weights",
        description="`packaged` (vgg19 alone), `torchvision` (from torch's cache), or a file in its layout.",
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        title="Precision",
        description="Of the backbone; `auto` is bfloat16 where the device has it, else float32.",
    )
    pooling: Literal["max", "average"] = Field(
        default="max", title="Pooling", description="How the backbone shrinks its features."
    )
    feature_smoothing: Smoothing = Field(
        default=VGG19.feature_smoothing,
        title="Feature smoothing",
        description="Of peaky features (Wang et al. 2021): `softmax` is the paper's, `scale` the published code's.",
    )
    feature_temperature: float = Field(
        default=1.0,
        gt=0,
        le=1e6,
        title="Feature temperature",
        description="Features are divided by it before the softmax; where they are large, it must be too.",
    )
    content_layers: tuple[str, ...] = Field(
        default=VGG19.content_layers,
        min_length=1,
        title="Content layers",
        description="Layers whose features keep the content.",
    )
    style_layers: tuple[str, ...] = Field(
        default=VGG19.style_layers,
        min_length=1,
        title="Style layers",
        description="Layers whose statistics carry the style.",
    )
    style_statistic: Literal["gram", "moments", "wasserstein"] = Field(
        default="moments",
        title="Style statistic",
        description="What is compared: Gram matrices; mean and covariance relative to the style's own; or the distance "
        "of Gaussians with those moments.",
    )
    layer_weights: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        default=(),
        title="Layer weights",
        description="Share of each style layer in the style's weight, shallow to deep; empty gives each a full one.",
    )
    content_weight: float = Field(default=1.0, ge=0, title="Content weight", description="Weight of the content loss.")
    style_weight: float = Field(
        default=250.0,
        ge=0,
        title="Style weight",
        description="Weight of the style loss of each layer; about 250 for moments or wasserstein, 1e6 for gram.",
    )
    keep_color: Literal["none", "luminance", "match"] = Field(
        default="none",
        title="Keep colour",
        description="`luminance`: the asset's own colours; `match`: the style's artworks take the asset's palette first.",
    )
    output_size: OutputSize = "working"
    format: FileFormat = "png"
    depth: Depth = 8
    quality: Quality = 95
    keep_profile: KeepProfile = False

    @field_validator("content_layers", "style_layers")
    @classmethod
    def _layers_known(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "backbone" in info.data:  # it is not if its own value is wrong, which is said then
            BACKBONES[info.data["backbone"]].up_to(*value)
        return value

    @model_validator(mode="before")
    @classmethod
    def _own_of_the_backbone(cls, values: Any) -> Any:
        """What is not given and belongs to the backbone is the backbone's own."""
        name = values.get("backbone") if isinstance(values, dict) else None
        own = next((known.own for known in BACKBONES.values() if known.name == name), {})
        return {**own, **values} if own else values

    @field_validator("depth")
    @classmethod
    def _depth_fits(cls, value: int, info: ValidationInfo) -> int:
        if "format" in info.data:
            check_depth(value, info.data["format"])
        return value

    @model_validator(mode="after")
    def _weights_fit(self) -> Recipe:
        if self.layer_weights and len(self.layer_weights) != len(self.style_layers):
            raise ValueError(
                f"layer_weights has {len(self.layer_weights)} values for {len(self.style_layers)} style layers; "
                "give one for each, or none"
            )
        return self

    def changed(self, overrides: dict[str, Any]) -> Recipe:
        """This recipe with some fields set anew, validated. Another backbone brings its own weights, layers and
        smoothing along, unless they are given too; other style layers have none of the old `layer_weights`. Raises
        pydantic.ValidationError.
        """
        moved = overrides.get("backbone", self.backbone) != self.backbone
        relaid = overrides.get("style_layers", self.style_layers) not in (self.style_layers, list(self.style_layers))
        kept = self.model_dump(exclude=OF_THE_BACKBONE if moved else {"layer_weights"} if relaid else None)
        return Recipe.model_validate({**kept, **overrides})

    @property
    def network(self) -> tuple[Any, ...]:
        """What decides the backbone: recipes that have it in common can share one, and what it makes of pictures."""
        layers = (self.content_layers, self.style_layers)
        smoothing = (self.feature_smoothing, self.feature_temperature)
        return (self.weights, self.backbone, layers, self.pooling, self.precision, smoothing)

    def in_tiles(self, width: int, height: int) -> bool:
        """Whether a picture of this size is done in tiles. Never with a softmax, which is over all of a layer."""
        return width * height > self.whole_megapixels * 1e6 and self.feature_smoothing != "softmax"

    def steps_at(self, level: int, width: int, height: int) -> int:
        """Passes at a level (0 is full size) where the picture has this size."""
        steps = self.coarse_steps if level else self.steps
        return min(steps, self.tile_steps) if self.in_tiles(width, height) else steps

    def coarser(self, longest: int) -> int:
        """How many coarser sizes a picture with this longest side in pixels is made at first."""
        if not self.coarse_steps or longest < COARSEST:
            return 0
        return int(math.log(longest / COARSEST) / math.log(self.scale_ratio) + 1e-9)

    def passes(self, width: int, height: int) -> float:
        """The work for a picture of this size at most, in passes of the network at full size, forward and backward."""
        work, asset = 0.0, max(1.0, max(width, height) / self.size)
        width, height = round(width / asset), round(height / asset)
        for level in range(self.coarser(max(width, height)) + 1):
            smaller = self.scale_ratio**level
            sides = max(1, round(width / smaller)), max(1, round(height / smaller))
            each = TILED_WORK if self.in_tiles(*sides) else 1.0
            work += each * self.steps_at(level, *sides) / smaller**2
        return work


RecipeOverrides = overrides_of(Recipe)
"""Every field of Recipe, optional: what a spec, a catalog or a pairs CSV may change; checked when merged."""


def check_overrides(overrides: dict[str, Any]) -> None:
    """Raises pydantic.ValidationError if no recipe can be changed so; layers may be those of any backbone, unless one is
    named: which one they meet is known when the recipe is.
    """
    fault: ValidationError | None = None
    for name in [overrides["backbone"]] if "backbone" in overrides else BACKBONES:
        try:
            Recipe().changed({"backbone": name, **overrides})
        except ValidationError as error:
            fault = fault or error
        else:
            return
    if fault:
        raise fault


NAMED_WEIGHTS = frozenset({"packaged", "torchvision"})
"""Values of `weights` that are no path."""
