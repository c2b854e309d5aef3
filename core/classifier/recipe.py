"""The recipe of a classifier: every parameter that decides what is learnt from the features of pictures."""

from __future__ import annotations

from pydantic import Field

from core.config.base_recipe import RecipeModel, overrides_of


class ClassifierRecipe(RecipeModel):
    """How a classifier is trained."""

    crops: int = Field(
        0,
        ge=0,
        le=16,
        title="Crops",
        description="Random crops of each picture that are learnt beside it, lighter or darker: for few pictures.",
    )
    folds: int = Field(
        5,
        ge=2,
        le=20,
        title="Folds",
        description="Parts of the data, each held out once: they tell when to stop, and the figures.",
    )
    steps: int = Field(
        400, ge=10, le=20_000, title="Most steps", description="Steps at most; held-out pictures say when to stop."
    )
    rate: float = Field(4.0, gt=0, le=8, title="Rate", description="Length of a step; above 8 it can diverge.")
    sure: float = Field(
        0.99,
        ge=0,
        le=1,
        title="Sure",
        description="How often a label that counts as known is to be right; it sets the least probability of one.",
    )
    usual: float = Field(
        0.99,
        ge=0.5,
        lt=1,
        title="Usual",
        description="Share of held-out pictures that count as usual; what is further away is flagged as an outlier.",
    )
    directions: int = Field(
        64, ge=1, le=512, title="Directions", description="Main directions of the features by which outliers are found."
    )
    seed: int = Field(0, ge=0, lt=2**31, title="Seed", description="Seed of folds and crops.")


ClassifierOverrides = overrides_of(ClassifierRecipe)
