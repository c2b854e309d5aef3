"""The spec of a classifier's training. It feeds the TOML file, the command line and the dashboard's form.

Neither torch nor Prefect is imported: the command line stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, Field, ValidationError

from core.classifier.recipe import ClassifierOverrides, ClassifierRecipe
from core.config.base_spec import PlacedSpec
from core.config.spec import sentence
from core.config.spec_fields import Device, Place, RunFolder, check_writable
from core.errors import SpecError
from core.storage.allowed_roots import check_inside


class TrainClassifierSpec(PlacedSpec):
    """What to train: a classifier that tells the classes of labelled pictures apart."""

    model_config = ConfigDict(title="TrainClassifierSpec")
    kind: ClassVar[str] = "train-classifier"
    path_fields: ClassVar[tuple[str, ...]] = ("data", "out")

    data: Place = Field(
        title="Data", description="Folder whose subfolders are classes, or a CSV with the columns file and label."
    )
    out: RunFolder = Path("runs/classifier")
    recipe: ClassifierOverrides = Field(  # type: ignore[valid-type]
        default_factory=ClassifierOverrides, title="Recipe", description="Recipe fields to change."
    )
    max_megapixels: float = Field(
        120.0, gt=0, le=2000, title="Pixel limit", description="Largest picture that is read, in megapixels."
    )
    device: Device = "auto"

    @property
    def max_pixels(self) -> int:
        """The pixel limit in pixels."""
        return int(self.max_megapixels * 1e6)

    def base_recipe(self) -> ClassifierRecipe:
        """The recipe with the spec's own changes. Raises SpecError when a value is out of range."""
        try:
            return ClassifierRecipe.model_validate(self.recipe.model_dump(exclude_none=True))  # type: ignore[attr-defined]
        except ValidationError as error:
            raise SpecError(sentence(error, "the recipe", self.kind)) from error

    def check(self) -> None:
        """Look at what is named before any work. Raises SpecError with one clear sentence."""
        check_inside(self.paths())
        if "," in self.device:
            raise SpecError(f"device {self.device}: one network is trained on one device; name one.")
        self.base_recipe()
        check_writable(self.out)
