"""What the spec of every training has: where it lives, its time, its checkpoints, its machine.

Neither torch nor Prefect is imported: the command line stays quick.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import SpecError
from core.roots import check_inside
from core.spec import sentence
from core.spec_fields import Device, RunFolder, absolute, check_folder, check_writable


class TrainingSpec(BaseModel):
    """Fields and checks that all trainings share. Name what is learnt in a model that stands behind this one among the
    bases: its fields then come first in forms and on the command line.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str]
    path_fields: ClassVar[tuple[str, ...]]
    """Fields that are paths or lists of them."""

    out: RunFolder
    hours: float | None = Field(
        None,
        gt=0,
        le=10_000,
        title="Hours",
        description="Time to train for; it becomes a number of steps once, when training begins, by this machine's speed.",
    )
    checkpoint_minutes: float = Field(
        5.0, gt=0, le=600, title="Checkpoint minutes", description="About how much work a kill may cost."
    )
    evaluate_minutes: float = Field(
        15.0,
        gt=0,
        le=6000,
        title="Evaluate minutes",
        description="About how often the training is measured and samples are shown.",
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

    @abstractmethod
    def base_recipe(self) -> Any:
        """The whole recipe. Raises SpecError when a value is out of range."""

    @property
    @abstractmethod
    def folder_fields(self) -> tuple[str, ...]:
        """Fields that name folders which must be there."""

    @property
    def max_pixels(self) -> int:
        """The pixel limit in pixels."""
        return int(self.max_megapixels * 1e6)

    @property
    def steps_given(self) -> bool:
        """Whether the spec itself says how many steps there are to be."""
        recipe: BaseModel = self.recipe  # type: ignore[attr-defined]
        return getattr(recipe, "steps", None) is not None

    def is_path(self, name: str, path: Path) -> bool:  # noqa: ARG002
        """Whether what a field names lies on the disk."""
        return True

    def rooted(self, folder: Path) -> Self:
        """The same spec with every relative path taken from `folder`."""
        update: dict[str, Any] = {}
        for name in self.path_fields:
            value = getattr(self, name)
            if isinstance(value, list):
                update[name] = [absolute(folder, path) for path in value]
            elif value is not None and self.is_path(name, value):
                update[name] = absolute(folder, value)
        return self.model_copy(update=update)

    def toml(self) -> str:
        """The spec as TOML; what is empty is left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def paths(self) -> Iterator[tuple[str, Path]]:
        """Every path that the spec names, by field."""
        for name in self.path_fields:
            value = getattr(self, name)
            for path in value if isinstance(value, list) else [value]:
                if path is not None and self.is_path(name, path):
                    yield name, path

    def check(self) -> None:
        """Look at what is named before any work. Raises SpecError with one clear sentence."""
        check_inside(self.paths())
        for name, path in self.paths():
            if name in self.folder_fields:
                check_folder(name, path)
        if "," in self.device:
            raise SpecError(f"device {self.device}: one network is trained on one device; name one.")
        self.base_recipe()
        check_writable(self.out)

    @classmethod
    def of(cls, values: dict[str, Any], source: str) -> Self:
        """A spec from plain values, relative paths taken from the current folder. Raises SpecError naming `source`."""
        try:
            return cls.model_validate(values).rooted(Path.cwd())
        except ValidationError as error:
            raise SpecError(sentence(error, source, cls.kind)) from error
