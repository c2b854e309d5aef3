"""The spec of a training: data, recipe, time. It feeds the TOML file, the command line and the dashboard's form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import SpecError
from core.gan.recipe import DEFAULT_GAN_PRESET, GAN_PRESETS, GanRecipe, GanRecipeOverrides
from core.roots import check_inside
from core.spec import sentence
from core.spec_fields import Device, Place, RunFolder, absolute, check_folder, check_writable

PACKAGED = "digits"
"""The value of `data` that names the digits which scikit-learn carries."""


class TrainSpec(BaseModel):
    """What to train: a GAN's recipe, on which pictures, for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="TrainSpec")
    kind: ClassVar[str] = "train-gan"
    path_fields: ClassVar[tuple[str, ...]] = ("data", "held_out", "start", "out")

    data: Place = Field(
        title="Data",
        description="Folder of pictures (subfolders are classes) or of MNIST's files; `digits` is scikit-learn's own.",
    )
    held_out: Place | None = Field(
        None, title="Held out", description="Folder of pictures that are not trained on; KID is measured against them."
    )
    start: Place | None = Field(
        None,
        title="Start",
        description="Checkpoint whose networks and optimisers a new training begins with, in place of chance: for other "
        "pictures, or another recipe of the same architecture.",
    )
    out: RunFolder = Path("runs/gan")
    preset: Literal[tuple(GAN_PRESETS)] = Field(  # type: ignore[valid-type]
        DEFAULT_GAN_PRESET, title="Preset", description="Named recipe to start from."
    )
    recipe: GanRecipeOverrides = Field(  # type: ignore[valid-type]
        default_factory=GanRecipeOverrides, title="Recipe", description="Recipe fields to change in the preset."
    )
    hours: float | None = Field(
        None,
        gt=0,
        le=10_000,
        title="Hours",
        description="Time to train for; it becomes a number of steps once, when training begins, by this machine's speed.",
    )
    download: bool = Field(
        False, title="Download", description="Let torchvision fetch MNIST into `data` if its files are not there."
    )
    checkpoint_minutes: float = Field(
        5.0, gt=0, le=600, title="Checkpoint minutes", description="About how much work a kill may cost."
    )
    evaluate_minutes: float = Field(
        15.0,
        gt=0,
        le=6000,
        title="Evaluate minutes",
        description="About how often KID is measured and samples are shown.",
    )
    evaluate_pictures: int = Field(
        500, ge=50, le=50_000, title="Evaluate pictures", description="Samples that each KID is measured on."
    )
    keep: int = Field(3, ge=1, le=1000, title="Keep", description="Latest checkpoints that are kept, beside the best.")
    max_megapixels: float = Field(
        120.0, gt=0, le=2000, title="Pixel limit", description="Largest picture that is read, in megapixels."
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=1024,
        title="Threads",
        description="CPU threads; empty: all. Results are bit-equal for an equal number only.",
    )
    device: Device = "auto"

    @property
    def max_pixels(self) -> int:
        """The pixel limit in pixels."""
        return int(self.max_megapixels * 1e6)

    @property
    def steps_given(self) -> bool:
        """Whether the spec itself says how many steps there are to be."""
        return getattr(self.recipe, "steps", None) is not None

    def base_recipe(self) -> GanRecipe:
        """The preset with the spec's own changes. Raises SpecError when a value is out of range."""
        try:
            return GAN_PRESETS[self.preset].changed(self.recipe.model_dump(exclude_none=True))  # type: ignore[attr-defined]
        except ValidationError as error:
            raise SpecError(sentence(error, "the recipe", "train-gan")) from error

    def rooted(self, folder: Path) -> TrainSpec:
        """The same spec with every relative path taken from `folder`."""
        return self.model_copy(update={name: absolute(folder, path) for name, path in self._paths()})

    def toml(self) -> str:
        """The spec as TOML; what is empty is left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def _paths(self) -> Iterator[tuple[str, Path]]:
        """Every path that the spec names, by field."""
        for name in self.path_fields:
            path: Path | None = getattr(self, name)
            if path is not None and not (name == "data" and str(path) == PACKAGED):
                yield name, path

    def check(self) -> None:
        """Look at what is named before any work. Raises SpecError with one clear sentence."""
        check_inside(self._paths())
        for name, path in self._paths():
            if name in ("data", "held_out") and not (name == "data" and self.download):
                check_folder(name, path)
        if "," in self.device:
            raise SpecError(f"device {self.device}: one network is trained on one device; name one.")
        self.base_recipe()
        check_writable(self.out)


def train_spec_from(values: dict[str, Any], source: str) -> TrainSpec:
    """A spec from plain values, relative paths taken from the current folder. Raises SpecError naming `source`."""
    try:
        return TrainSpec.model_validate(values).rooted(Path.cwd())
    except ValidationError as error:
        raise SpecError(sentence(error, source, "train-gan")) from error
