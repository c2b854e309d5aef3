"""Spec of a sampling run: seeds of a checkpoint. It feeds the TOML file, the command line and the dashboard's form."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from core.config.run_spec import RunSpec
from core.config.spec_fields import (
    Device,
    Limit,
    PlainPath,
    PlainText,
    Reuse,
    RunFolder,
    ScorerName,
    ShardSeconds,
    SpareDisk,
    SystemFolders,
    TimeLimit,
    check_apart,
    check_folder,
    check_out,
    check_reuse,
    check_scorer,
)
from core.errors import SpecError
from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling.seeds import parse_seeds
from core.storage.allowed_roots import check_inside
from core.storage.run_marks import RUN
from core.storage.run_paths import MANIFEST, PLAN


class SampleSpec(RunSpec):
    """What to sample: a checkpoint, seeds, and how each is drawn."""

    model_config = ConfigDict(title="SampleSpec")
    kind: ClassVar[str] = "sample"
    path_fields: ClassVar[tuple[str, ...]] = ("checkpoint", "out", "data", "reuse", "scorer")

    checkpoint: PlainPath = Field(title="Checkpoint", description="Trained network to draw from, a .safetensors file.")
    seeds: PlainText = Field("0-99", title="Seeds", description="Seeds and ranges of them, such as `0-99,200,300-310`.")
    out: RunFolder = Path("runs/samples")
    recipe: SampleRecipe = Field(
        default_factory=SampleRecipe, title="Recipe", description="How each seed becomes a picture."
    )
    keep: int | None = Field(
        None,
        ge=1,
        title="Keep",
        description="Keep only the best N of the seeds, and no near-copy of a training picture.",
    )
    data: PlainPath | None = Field(
        None, title="Training pictures", description="Folder of the pictures trained on; `keep` compares with them."
    )
    system_folders: SystemFolders = False
    scorer: ScorerName = None
    limit: Limit = None
    reuse: Reuse = Field([])
    spare_disk: SpareDisk = 0.1
    time_limit: TimeLimit = None
    shard_seconds: ShardSeconds = 60.0
    device: Device = "auto"

    @field_validator("seeds")
    @classmethod
    def _seeds_known(cls, value: str) -> str:
        parse_seeds(value)
        return value

    @model_validator(mode="after")
    def _can_be_curated(self) -> Self:
        if self.keep is not None and self.data is None:
            raise ValueError("`keep` needs `data`, the folder of the pictures that the checkpoint was trained on")
        return self

    @property
    def curates(self) -> bool:
        """Whether `keep` asks for the best alone."""
        return self.keep is not None

    def check(self) -> None:
        """Look at what is named before any work. Raises SpecError with one clear sentence."""
        check_inside(self.paths())
        if not self.checkpoint.is_file():
            raise SpecError(f"checkpoint {self.checkpoint} does not exist", "give the path of a .safetensors file.")
        if self.data is not None:
            check_folder("data", self.data)
            check_apart(self.out, [("data", self.data)])
        check_reuse(self.reuse)
        check_scorer(self.scorer)
        check_out(self.out, RUN, (MANIFEST, PLAN))
