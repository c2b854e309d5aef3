"""Base of the specs of trainings: where one lives, its time, its checkpoints, its machine.

Neither torch nor Prefect is imported: the command line stays quick.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from pydantic import BaseModel, Field

from core.config.base_spec import BaseSpec
from core.config.spec_fields import (
    Device,
    MaxMegapixels,
    RunFolder,
    SystemFolders,
    check_apart,
    check_folder,
    check_one_device,
    check_out,
)
from core.storage.allowed_roots import check_inside
from core.storage.run_marks import TRAINING


class TrainingSpec(BaseSpec):
    """Fields and checks that all trainings share. Name what is learnt in a model that stands behind this one among the
    bases: its fields then come first in forms and on the command line.
    """

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
    system_folders: SystemFolders = False
    max_megapixels: MaxMegapixels = 120.0
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
    def apart_fields(self) -> tuple[str, ...]:
        """Fields that name folders of pictures, which no run is."""
        return ("data", "held_out", "catalog", "contents", "artworks")

    @property
    def steps_given(self) -> bool:
        """Whether the spec itself says how many steps there are to be."""
        recipe: BaseModel = self.recipe  # type: ignore[attr-defined]
        return getattr(recipe, "steps", None) is not None

    def check(self) -> None:
        """Look at what is named before any work. Raises SpecError with one clear sentence."""
        check_inside(self.paths())
        for name, path in self.paths():
            if name in self.folder_fields:
                check_folder(name, path)
        check_apart(self.out, [(name, path) for name, path in self.paths() if name in self.apart_fields])
        check_one_device(self.device)
        self.base_recipe()
        check_out(self.out, TRAINING, ("train.toml", "training.json"))
