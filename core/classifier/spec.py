"""The spec of a classifier's training. It feeds the TOML file, the command line and the dashboard's form.

Neither torch nor Prefect is imported: the command line stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, Field

from core.classifier.recipe import ClassifierOverrides, ClassifierRecipe
from core.config.base_spec import BaseSpec, as_spec_error
from core.config.spec_fields import (
    Device,
    MaxMegapixels,
    PlainPath,
    RunFolder,
    SystemFolders,
    check_apart,
    check_one_device,
    check_out,
)
from core.storage.allowed_roots import check_inside
from core.storage.run_marks import CLASSIFIER


class TrainClassifierSpec(BaseSpec):
    """What to train: a classifier that tells the classes of labelled pictures apart."""

    model_config = ConfigDict(title="TrainClassifierSpec")
    kind: ClassVar[str] = "train-classifier"
    path_fields: ClassVar[tuple[str, ...]] = ("data", "out")

    data: PlainPath = Field(
        title="Data", description="Folder whose subfolders are classes, or a CSV with the columns file and label."
    )
    out: RunFolder = Path("runs/classifier")
    recipe: ClassifierOverrides = Field(  # type: ignore[valid-type]
        default_factory=ClassifierOverrides, title="Recipe", description="Recipe fields to change."
    )
    system_folders: SystemFolders = False
    max_megapixels: MaxMegapixels = 120.0
    device: Device = "auto"

    def base_recipe(self) -> ClassifierRecipe:
        """The recipe with the spec's own changes. Raises SpecError when a value is out of range."""
        with as_spec_error("the recipe", self.command()):
            return ClassifierRecipe.model_validate(self.recipe_changes)

    def check(self) -> None:
        """Look at what is named before any work. Raises SpecError with one clear sentence."""
        check_inside(self.paths())
        check_apart(self.out, [("data", self.data)] if self.data.is_dir() else [])
        check_one_device(self.device)
        self.base_recipe()
        check_out(self.out, CLASSIFIER, ("spec.toml", "figures.json", "card.md", f"{self.out.name}.safetensors"))
