"""Recipes of style transfer: the method, and every parameter that decides an output's pixels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from core.config.base_recipe import overrides_of
from core.config.methods import UNUSED_FIELDS
from core.config.output_options import Depth, EncodingQuality, KeepProfile, OutputFormat, OutputSize, check_depth
from core.config.schedule import Schedule
from core.config.style_losses import STYLE_LOSSES
from core.networks.architecture import BACKBONES, Name, Precision, Smoothing

VGG19 = BACKBONES["vgg19"]

OF_THE_BACKBONE = {*VGG19.own, "feature_temperature", "layer_weights"}
"""Fields that mean nothing for another backbone."""


class Recipe(Schedule):
    """How a picture is stylised. Equal recipes give equal pixels on one engine."""

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
    precision: Precision = Field(
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
    style_statistic: Literal[tuple(STYLE_LOSSES)] = Field(  # type: ignore[valid-type]
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
    format: OutputFormat = "png"
    depth: Depth = 8
    quality: EncodingQuality = 95
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
    def features(self) -> tuple[Any, ...]:
        """What decides the backbone: recipes that have it in common can share one, and what it makes of pictures."""
        layers = (self.content_layers, self.style_layers)
        smoothing = (self.feature_smoothing, self.feature_temperature)
        return (self.weights, self.backbone, layers, self.pooling, self.precision, smoothing)

    def in_tiles(self, width: int, height: int) -> bool:
        """Whether a picture of this size is optimised in tiles. Never with a softmax, which is over all of a layer."""
        return super().in_tiles(width, height) and self.feature_smoothing != "softmax"

    def painted_in_tiles(self, width: int, height: int) -> bool:
        """Whether the network that paints in one pass does a picture of this size in tiles."""
        return super().in_tiles(width, height)

    def digest(self) -> str:
        """The recipe's stable hash, 16 hex digits: of all that means something to its method."""
        return self.digest_of(UNUSED_FIELDS[self.method])

    def pixels_digest(self) -> str:
        """The same without the place of the network, whose tensors have a digest of their own, and without how assets are
        decoded, which is said of those alone that it changes: see `core.planning.job_keys.asset_digest`.
        """
        return self.digest_of(UNUSED_FIELDS[self.method] | {"network", "decoding"})


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


FILES = {"weights": frozenset({"packaged", "torchvision"}), "network": frozenset({"packaged"})}
"""Recipe fields that may name a file, and those of their values that name none."""


def files_of(overrides: dict[str, Any]) -> dict[str, str]:
    """The files that recipe fields name, by field."""
    given = {name: str(overrides[name]) for name in FILES if overrides.get(name) is not None}
    return {name: value for name, value in given.items() if value not in FILES[name]}
