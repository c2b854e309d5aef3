"""The spec of sampling: seeds of a checkpoint. It feeds the TOML file, the command line and the dashboard's form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.config.spec import sentence
from core.config.spec_fields import (
    Device,
    Limit,
    Place,
    Reuse,
    RunFolder,
    Scorer,
    ShardSeconds,
    SpareDisk,
    Text,
    TimeLimit,
    absolute,
    check_folder,
    check_reuse,
    check_scorer,
    check_writable,
    rooted_scorer,
)
from core.errors import SpecError
from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling.seeds import parse_seeds
from core.storage.allowed_roots import check_inside
from core.storage.safetensors_header import SUFFIX


class SampleSpec(BaseModel):
    """What to sample: a checkpoint, seeds, and how each is drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="SampleSpec")
    kind: ClassVar[str] = "sample"
    path_fields: ClassVar[tuple[str, ...]] = ("checkpoint", "out", "data")

    checkpoint: Place = Field(title="Checkpoint", description="Trained network to draw from, a .safetensors file.")
    seeds: Text = Field("0-99", title="Seeds", description="Seeds and ranges of them, such as `0-99,200,300-310`.")
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
    data: Place | None = Field(
        None, title="Training pictures", description="Folder of the pictures trained on; `keep` compares with them."
    )
    scorer: Scorer = None
    limit: Limit = None
    reuse: Reuse = []
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

    def rooted(self, folder: Path) -> SampleSpec:
        """The same spec with every relative path taken from `folder`."""
        given = {name: getattr(self, name) for name in self.path_fields}
        update: dict[str, Any] = {name: absolute(folder, path) for name, path in given.items() if path is not None}
        update["reuse"] = [absolute(folder, run) for run in self.reuse]
        if self.scorer is not None:
            update["scorer"] = rooted_scorer(folder, self.scorer)
        return self.model_copy(update=update)

    def toml(self) -> str:
        """The spec as TOML; what is empty is left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def _paths(self) -> Iterator[tuple[str, Path]]:
        """Every path that the spec names, by field."""
        given = [(name, getattr(self, name)) for name in self.path_fields]
        yield from ((name, path) for name, path in given if path is not None)
        yield from (("reuse", run) for run in self.reuse)
        if self.scorer is not None and self.scorer.endswith(SUFFIX):
            yield "scorer", Path(self.scorer)

    def check(self) -> None:
        """Look at what is named before any work. Raises SpecError with one clear sentence."""
        check_inside(self._paths())
        if not self.checkpoint.is_file():
            raise SpecError(f"checkpoint {self.checkpoint} does not exist; give the path of a .safetensors file.")
        if self.data is not None:
            check_folder("data", self.data)
        check_reuse(self.reuse)
        check_scorer(self.scorer)
        check_writable(self.out)


def sample_spec_from(values: dict[str, Any], source: str) -> SampleSpec:
    """A spec from plain values, relative paths taken from the current folder. Raises SpecError naming `source`."""
    try:
        return SampleSpec.model_validate(values).rooted(Path.cwd())
    except ValidationError as error:
        raise SpecError(sentence(error, source, "sample")) from error
