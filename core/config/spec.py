"""The spec: everything a user decides about a run. It feeds the TOML file, the command line and the dashboard's form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from core.config import output_names
from core.config.base_spec import as_spec_error, placed, read_toml
from core.config.preference_model import load_preference_model
from core.config.presets import DEFAULT_PRESET, PRESETS, QUALITIES
from core.config.recipe import FILES, Recipe, RecipeOverrides, files_of
from core.config.retry_policy import REJECT, parse_gate
from core.config.run_spec import RunSpec
from core.config.score_weights import PARTS, ScoreWeights
from core.config.spec_fields import (
    CHOOSERS,
    Device,
    Limit,
    MaxMegapixels,
    PlainPath,
    PlainText,
    QualityWanted,
    Reuse,
    RunFolder,
    ScorerName,
    SecondsPerPicture,
    ShardSeconds,
    SpareDisk,
    SystemFolders,
    TimeLimit,
    check_apart,
    check_folder,
    check_out,
    check_reuse,
    check_scorer,
    is_path,
    plain_text,
)
from core.errors import SpecError
from core.storage.allowed_roots import check_inside
from core.storage.run_marks import RUN
from core.storage.run_paths import MANIFEST, PLAN

AUTO = r"auto(:(?P<count>[1-9][0-9]{0,3}))?(:(?P<mood>[a-z]+))?"
"""Pairs that the plan chooses: `auto`, `auto:K`, `auto:K:MOOD`, `auto:MOOD`."""


class Spec(RunSpec):
    """What to make: a library, a catalog, a recipe, and how to pair them."""

    model_config = ConfigDict(title="Spec")
    kind: ClassVar[str] = "stylize"
    path_fields: ClassVar[tuple[str, ...]] = (
        *("library", "catalog", "masks", "regions", "out", "taste"),
        *("reuse", "pairs", "scorer"),
    )

    @classmethod
    def command(cls) -> str:
        """The command whose `--help` lists the spec's keys."""
        return "run"

    library: PlainPath = Field(title="Library", description="Folder of pictures to stylise, searched recursively.")
    catalog: PlainPath = Field(title="Catalog", description="Folder of artworks, with an optional catalog.toml.")
    masks: PlainPath | None = Field(
        None,
        title="Masks",
        description="Folder that mirrors the library: where a mask is white, its asset is stylised; black stays as it is.",
    )
    regions: PlainPath | None = Field(
        None,
        title="Regions",
        description="Folder that mirrors the library: maps whose colours catalog.toml gives a style each.",
    )
    out: RunFolder = Path("runs/tonight")
    name: PlainText = Field(
        output_names.DEFAULT,
        min_length=1,
        max_length=300,
        title="Names of outputs",
        description=f"Pattern of {', '.join(f'{{{field}}}' for field in output_names.FIELDS)}; names that clash get a mark.",
    )
    preset: Literal[tuple(PRESETS)] | None = Field(  # type: ignore[valid-type]
        None,
        title="Preset",
        description=f"Named recipe to start from; `{DEFAULT_PRESET}` if nothing else chooses one.",
    )
    quality: QualityWanted = None
    seconds_per_picture: SecondsPerPicture = None
    recipe: RecipeOverrides = Field(  # type: ignore[valid-type]
        default_factory=RecipeOverrides, title="Recipe", description="Recipe fields to change in the preset."
    )
    pairs: PlainText = Field(
        "all",
        title="Pairs",
        description="`all`, `random:K` styles an asset, `auto[:K][:MOOD]` that suit it, or a CSV of asset,style[,fields].",
    )
    score_weights: ScoreWeights = Field(
        ScoreWeights(),
        title="Score weights",
        description=f"What the parts of the score weigh: {', '.join(PARTS)}; as flags, such as `style=2`.",
    )
    taste: PlainPath | None = Field(
        None,
        title="Taste",
        description="File of `learn-taste`: the score is then how likely you are to keep a picture, whatever the weights.",
    )
    min_score: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Least score",
        description="A picture that scores less is rejected and kept apart, or tried again as `gate` says.",
    )
    gate: PlainText = Field(
        REJECT,
        title="Gate",
        description="Below `min_score`: `reject`, or N further tries by `seed:N`, `strength:N` or `preset:NAME,NAME`.",
    )
    scorer: ScorerName = None
    seed: int = Field(0, ge=0, lt=2**31, title="Seed", description="Seed of the first variant and of random pairs.")
    variants: int = Field(1, ge=1, le=1000, title="Variants", description="Outputs a pair, each with its own seed.")
    include: list[PlainText] = Field([], title="Include", description="Asset patterns to keep, such as `trip/*.jpg`.")
    exclude: list[PlainText] = Field([], title="Exclude", description="Asset patterns to leave out.")
    include_styles: list[PlainText] = Field([], title="Include styles", description="Style name patterns to keep.")
    exclude_styles: list[PlainText] = Field([], title="Exclude styles", description="Style name patterns to leave out.")
    system_folders: SystemFolders = False
    limit: Limit = None
    reuse: Reuse = Field([])
    max_megapixels: MaxMegapixels = Field(120.0, description="Largest asset or artwork, in megapixels.")
    spare_disk: SpareDisk = 0.1
    time_limit: TimeLimit = None
    shard_seconds: ShardSeconds = 60.0
    device: Device = "auto"

    @field_validator("pairs")
    @classmethod
    def _pairs_known(cls, value: str) -> str:
        words = ("all", r"random:[1-9][0-9]{0,8}", AUTO)
        if any(re.fullmatch(word, value) for word in words) or is_path("pairs", value):
            return value
        raise ValueError("must be `all`, `random:K` or `auto:K` with K of 1 or more, or the path of a .csv file")

    @field_validator("name")
    @classmethod
    def _name_safe(cls, value: str) -> str:
        return output_names.check_pattern(value)

    @field_validator("quality", "seconds_per_picture")
    @classmethod
    def _one_chooser(cls, value: Any, info: ValidationInfo) -> Any:
        others = [name for name in CHOOSERS if name != info.field_name and info.data.get(name) is not None]
        if value is not None and others:
            raise ValueError(f"`{others[0]}` chooses the recipe already; leave one of the two out")
        return value

    @field_validator("gate")
    @classmethod
    def _gate_known(cls, value: str, info: ValidationInfo) -> str:
        if parse_gate(value).retakes and info.data.get("min_score") is None:
            raise ValueError("tries again what scores below `min_score`; give that too")
        return value

    @field_validator("recipe")
    @classmethod
    def _recipe_plain(cls, value: BaseModel) -> BaseModel:
        for name in FILES:
            plain_text(getattr(value, name, None) or "")
        return value

    @property
    def start(self) -> str:
        """The preset that the recipe starts from, as far as the spec alone says: what `seconds_per_picture` asks for is
        known when a plan is made, as `core.planning.recipe_choice` does.
        """
        return self.preset or QUALITIES.get(self.quality or "", DEFAULT_PRESET)

    @property
    def retries(self) -> bool:
        """Whether `gate` asks for further tries."""
        return bool(parse_gate(self.gate).retakes)

    @property
    def weights_of_scores(self) -> dict[str, float]:
        """`score_weights` by part."""
        return self.score_weights.model_dump()

    @property
    def taste_file(self) -> Path | None:
        """`taste`."""
        return self.taste

    def base_recipe(self) -> Recipe:
        """The preset with the spec's own changes. Raises SpecError when a value is out of range."""
        with as_spec_error("the recipe"):
            return PRESETS[self.start].changed(self.recipe_changes)

    def recipe_of(self, *changes: dict[str, Any], source: str) -> Recipe:
        """The base recipe after the changes of `source`, in order. Raises SpecError, naming it, if one does not fit."""
        recipe = self.base_recipe()
        with as_spec_error(source):
            for change in changes:
                recipe = recipe.changed(change)
        return recipe

    def paths(self) -> Iterator[tuple[str, Path]]:
        """Every path that the spec names, by field, those of its recipe too."""
        yield from (("pairs file" if name == "pairs" else name, path) for name, path in super().paths())
        yield from ((name, Path(file)) for name, file in files_of(self.base_recipe().model_dump()).items())

    def check(self) -> None:
        """Look at the folders before any work. Raises SpecError with one clear sentence."""
        check_inside(self.paths())
        for name in ("library", "catalog", "masks", "regions"):
            if (folder := getattr(self, name)) is not None:
                check_folder(name, folder)
        check_apart(
            self.out,
            [(name, folder) for name in ("library", "catalog", "masks", "regions") if (folder := getattr(self, name))],
        )
        if self.is_path("pairs", self.pairs) and not Path(self.pairs).is_file():
            raise SpecError(
                f"pairs file {self.pairs} does not exist", "give the path of a CSV with asset,style columns."
            )
        check_reuse(self.reuse)
        if self.taste is not None:
            load_preference_model(self.taste)
        check_scorer(self.scorer)
        self.base_recipe()
        check_out(self.out, RUN, (MANIFEST, PLAN))


def load_spec(path: Path) -> Spec:
    """The spec in a TOML file. Raises SpecError."""
    return Spec.from_values(placed(read_toml(path), path.absolute().parent, Spec), f"spec {path}")
