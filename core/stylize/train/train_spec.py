"""The spec of a style training: catalog, contents, recipe, time. It feeds the TOML file, the command line and the
dashboard's form.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from core.config.base_spec import as_spec_error
from core.config.spec_fields import PlainPath, RunFolder
from core.stylize.feedforward.train_recipe import TransferOverrides, TransferRecipe
from core.training.spec import TrainingSpec


class TrainStyleFields(BaseModel):
    """Fields of a style training: catalog, contents, artworks, starting network, recipe changes."""

    catalog: PlainPath = Field(
        title="Catalog", description="Folder of artworks, with an optional catalog.toml, whose styles are learnt."
    )
    contents: list[PlainPath] = Field(
        min_length=1, title="Contents", description="Folders of pictures that are painted while it learns."
    )
    artworks: list[PlainPath] = Field(
        [],
        title="Artworks",
        description="Folders of artworks that prediction of other styles is learnt from; none: the contents.",
    )
    start: PlainPath | None = Field(
        None,
        title="Start",
        description="Network file that a new training begins with, in place of chance; styles that it has learnt are gone "
        "on with, others begin as it predicts them.",
    )
    recipe: TransferOverrides = Field(  # type: ignore[valid-type]
        default_factory=TransferOverrides, title="Recipe", description="Recipe fields to change."
    )
    evaluate_pictures: int = Field(
        6, ge=1, le=1000, title="Evaluate pictures", description="Held-out pictures that the training is measured on."
    )


class TrainStyleSpec(TrainingSpec, TrainStyleFields):
    """What to train: a network that paints the styles of a catalog in one pass, and any other by prediction."""

    model_config = ConfigDict(title="TrainStyleSpec")
    kind: ClassVar[str] = "train-style"
    path_fields: ClassVar[tuple[str, ...]] = ("catalog", "contents", "artworks", "start", "out")

    out: RunFolder = Path("runs/style")

    @property
    def folder_fields(self) -> tuple[str, ...]:
        """All that is read."""
        return ("catalog", "contents", "artworks")

    def base_recipe(self) -> TransferRecipe:
        """The recipe with the spec's own changes. Raises SpecError when a value is out of range."""
        with as_spec_error("the recipe", self.command()):
            return TransferRecipe.model_validate(self.recipe_changes)
