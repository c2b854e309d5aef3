"""Spec of a GAN's training: data, recipe, time. It feeds the TOML file, the command line and the dashboard's form."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.config.base_spec import as_spec_error
from core.config.spec_fields import PlainPath, RunFolder
from core.gan.networks.recipe import DEFAULT_GAN_PRESET, GAN_PRESETS, GanRecipe, GanRecipeOverrides
from core.training.spec import TrainingSpec

PACKAGED = "digits"
"""The value of `data` that names the digits which scikit-learn carries."""


class GanLesson(BaseModel):
    """What a GAN is to learn, and how."""

    data: PlainPath = Field(
        title="Data",
        description="Folder of pictures (subfolders are classes) or of MNIST's files; `digits` is scikit-learn's own.",
    )
    held_out: PlainPath | None = Field(
        None, title="Held out", description="Folder of pictures that are not trained on; KID is measured against them."
    )
    start: PlainPath | None = Field(
        None,
        title="Start",
        description="Checkpoint whose networks and optimisers a new training begins with, in place of chance: for other "
        "pictures, or another recipe of the same architecture.",
    )
    preset: Literal[tuple(GAN_PRESETS)] = Field(  # type: ignore[valid-type]
        DEFAULT_GAN_PRESET, title="Preset", description="Named recipe to start from."
    )
    recipe: GanRecipeOverrides = Field(  # type: ignore[valid-type]
        default_factory=GanRecipeOverrides, title="Recipe", description="Recipe fields to change in the preset."
    )
    download: bool = Field(
        False, title="Download", description="Let torchvision fetch MNIST into `data` if its files are not there."
    )
    evaluate_pictures: int = Field(
        500, ge=50, le=50_000, title="Evaluate pictures", description="Samples that each KID is measured on."
    )


class TrainSpec(TrainingSpec, GanLesson):
    """What to train: a GAN's recipe, on which pictures, for how long."""

    model_config = ConfigDict(title="TrainSpec")
    kind: ClassVar[str] = "train-gan"
    path_fields: ClassVar[tuple[str, ...]] = ("data", "held_out", "start", "out")

    out: RunFolder = Path("runs/gan")

    @property
    def folder_fields(self) -> tuple[str, ...]:
        """What must be there: the data unless it is fetched, and held-out pictures."""
        return ("held_out",) if self.download else ("data", "held_out")

    def base_recipe(self) -> GanRecipe:
        """The preset with the spec's own changes. Raises SpecError when a value is out of range."""
        with as_spec_error("the recipe", self.command()):
            return GAN_PRESETS[self.preset].changed(self.recipe_changes)

    def is_path(self, name: str, value: Path | str) -> bool:
        """All but the digits that come with a package."""
        return not (name == "data" and str(value) == PACKAGED)
