"""Recipes of GANs: every parameter that decides a trained network, and every one that decides a sample's pixels.

Neither torch nor Prefect is imported: planning and the command line stay quick.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from core.config.base_recipe import RecipeModel, overrides_of
from core.config.output_options import EncodingQuality, OutputFormat
from core.networks.architecture import Precision

Architecture = Literal["mlp", "dcgan", "few_shot"]

SIZES = (16, 28, 32, 64, 128, 256)
"""Sides of pictures in pixels that networks are built for: MNIST's, and powers of two."""

FEW_SHOT_SIZES = (64, 128, 256)


def _known_size(value: int) -> int:
    if value not in SIZES:
        raise ValueError(f"must be one of {', '.join(map(str, SIZES))}")
    return value


def _number(value: Any) -> Any:
    """A whole number that a flag gives as text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class GanRecipe(RecipeModel):
    """How a GAN is built and trained. Equal recipes on equal data give equal networks on one engine."""

    architecture: Architecture = Field(
        default="dcgan",
        title="Architecture",
        description="`mlp` (fully connected), `dcgan` (Radford et al. 2016), `few_shot` (FastGAN, Liu et al. 2021).",
    )
    size: Annotated[int, AfterValidator(_known_size)] = Field(
        default=28, title="Size", description="Side of the pictures in pixels: 16, 28, 32, 64, 128 or 256."
    )
    channels: Annotated[Literal[1, 3], BeforeValidator(_number)] = Field(
        default=1, title="Channels", description="1 for grey, 3 for colour."
    )
    latent: int = Field(default=100, ge=1, le=4096, title="Latent", description="Length of the noise vector z.")
    width: int = Field(
        default=64, ge=4, le=512, title="Width", description="Channels of the layer nearest the picture."
    )
    conditional: bool = Field(
        default=False, title="Conditional", description="Learn each class apart; the data needs labels."
    )
    spectral_norm: bool = Field(
        default=False, title="Spectral norm", description="Bound the discriminator's layers (Miyato et al. 2018)."
    )
    loss: Literal["non_saturating", "hinge"] = Field(
        default="non_saturating",
        title="Loss",
        description="`non_saturating` (Goodfellow et al. 2014, on logits) or `hinge` (Lim & Ye 2017).",
    )
    r1: float = Field(
        default=0.0,
        ge=0,
        title="R1",
        description="Weight gamma of the gradient penalty (Mescheder et al. 2018); 0 is none.",
    )
    r1_every: int = Field(default=16, ge=1, title="R1 every", description="Steps between two gradient penalties.")
    top: float = Field(
        default=1.0,
        gt=0,
        le=1,
        title="Top",
        description="Share of its pictures, those that D takes for the realest, that G learns from (Sinha et al. 2020).",
    )
    reconstruction: float = Field(
        default=1.0,
        ge=0,
        title="Reconstruction",
        description="Weight of the loss that has few_shot's discriminator redraw real pictures.",
    )
    batch: int = Field(default=64, ge=2, le=4096, title="Batch", description="Pictures in one pass of the networks.")
    accumulate: int = Field(
        default=1, ge=1, le=256, title="Accumulate", description="Passes whose gradients are added up in one step."
    )
    steps: int = Field(default=20_000, ge=1, le=100_000_000, title="Steps", description="Steps of the optimisers.")
    rate: float = Field(default=2e-4, gt=0, le=1, title="Rate", description="Adam's learning rate, of both networks.")
    beta1: float = Field(default=0.5, ge=0, lt=1, title="Beta 1", description="Adam's decay of the mean.")
    beta2: float = Field(default=0.999, ge=0, lt=1, title="Beta 2", description="Adam's decay of the square.")
    anneal: float = Field(
        default=0.0, ge=0, le=1, title="Anneal", description="Last share of the steps in which the rate falls to 0."
    )
    ema: float = Field(
        default=1000.0,
        ge=0,
        title="EMA",
        description="Half-life, in pictures, of the average of G's weights that draws samples; 0 is none.",
    )
    augment: Literal["none", "size", "signal"] = Field(
        default="none",
        title="Augmentation",
        description="Strength of differentiable augmentation: none, by the data set's size, or by the overfitting signal.",
    )
    policy: Literal["translation", "colour,translation", "colour,translation,cutout", "translation,cutout"] = Field(
        default="colour,translation,cutout", title="Policy", description="What is augmented (Zhao et al. 2020)."
    )
    overfitting_target: float = Field(
        default=0.6,
        gt=0,
        lt=1,
        title="Overfitting target",
        description="Mean sign of D on real pictures at which augmentation stays as it is (Karras et al. 2020).",
    )
    mirror: bool = Field(default=False, title="Mirror", description="Show real pictures mirrored half of the time.")
    trim: bool = Field(default=False, title="Trim", description="Cut white margins off the pictures first.")
    crop: float = Field(
        default=1.0,
        gt=0,
        le=1,
        title="Crop",
        description="Smallest side of a random square crop, as a share of the picture's shorter side; 1 is the whole.",
    )
    precision: Precision = Field(
        default="auto",
        title="Precision",
        description="Of the networks' convolutions; `auto` is bfloat16 where the device has it, else float32.",
    )
    seed: int = Field(
        default=0, ge=0, lt=2**31, title="Seed", description="Decides weights, order, noise and augmentation."
    )

    @model_validator(mode="after")
    def _fits(self) -> GanRecipe:
        if self.architecture == "few_shot" and self.size not in FEW_SHOT_SIZES:
            raise ValueError(f"few_shot makes pictures of {', '.join(map(str, FEW_SHOT_SIZES))} px, not {self.size}")
        return self

    def changed(self, overrides: dict[str, Any]) -> GanRecipe:
        """This recipe with some fields set anew, validated. Raises pydantic.ValidationError."""
        return GanRecipe.model_validate({**self.model_dump(), **overrides})

    @property
    def pictures_a_step(self) -> int:
        """Real pictures that one step of the optimisers sees."""
        return self.batch * self.accumulate


GanRecipeOverrides = overrides_of(GanRecipe)
"""Every field of GanRecipe, optional: what a training spec may change; checked when merged."""

GAN_PRESETS: dict[str, GanRecipe] = {
    "digits": GanRecipe(width=96, r1=1.0, r1_every=8, ema=20_000.0, anneal=0.3),
    "mlp": GanRecipe(architecture="mlp"),
    "few_shot": GanRecipe(
        architecture="few_shot",
        size=64,
        channels=3,
        latent=256,
        width=16,
        spectral_norm=True,
        loss="hinge",
        batch=8,
        ema=5_000.0,
        augment="size",
        mirror=True,
        trim=True,
        crop=0.9,
    ),
}
"""Named recipes: handwritten digits, the fully connected sketch, and pictures by the dozen to the thousand."""

DEFAULT_GAN_PRESET = "few_shot"

SAMPLE_ALGORITHM = 1
"""Part of every sample's key. Raise it when a golden-picture test of sampling changes."""

LANES = 8
"""Pictures in one call of the generator, always: short groups are padded."""


class SampleRecipe(RecipeModel):
    """How a sample is drawn from a checkpoint. With the checkpoint's tensors and the seed it decides the pixels."""

    psi: float = Field(
        default=1.0,
        ge=0,
        le=2,
        title="Psi",
        description="Truncation: z is multiplied by this. Under 1 pictures are safer and more alike; at 0 all are one.",
    )
    label: int | None = Field(
        default=None, ge=0, title="Class", description="Class to draw, by number; empty draws one with the seed."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32", title="Precision", description="Of the generator's convolutions."
    )
    lanes: int = Field(
        default=LANES,
        ge=1,
        le=256,
        title="Lanes",
        description="Pictures in one call of the generator, padded if fewer.",
    )
    format: OutputFormat = "png"
    quality: EncodingQuality = 95
