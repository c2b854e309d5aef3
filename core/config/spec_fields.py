"""Fields that every kind of spec has, each with its title, its bounds and its description for forms and flags."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from core.errors import SpecError
from core.storage.run_marks import run_mark
from core.storage.run_paths import MADE, OUTPUTS
from core.storage.safetensors_header import SUFFIX
from core.storage.write_targets import check_run_folder, is_same_file


def plain_text(value: str) -> str:
    """`value`, if it can be a path and be written as UTF-8. Raises ValueError."""
    if "\0" in value or value.encode(errors="ignore").decode() != value:
        raise ValueError("must be UTF-8 text without NUL; rename what it names")
    return value


def _plain_path(value: Path) -> Path:
    plain_text(str(value))
    return value


def _known_device(value: str) -> str:
    if all(re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", part) for part in value.split(",")):
        return value
    raise ValueError("must be `auto`, `cpu`, `mps`, `cuda` or `cuda:N`, several separated by commas")


FILE_SUFFIXES = {"scorer": SUFFIX, "pairs": ".csv"}
"""Text fields of specs that name a file where they end so; anything else in them is a word."""


def is_path(name: str, value: Path | str) -> bool:
    """Whether a value of the field `name` is a path.

    >>> is_path("scorer", "genres"), is_path("scorer", "mine.safetensors"), is_path("out", "runs/a")
    (False, True, True)
    """
    return str(value).lower().endswith(FILE_SUFFIXES.get(name, ""))


def expanded(path: str) -> str:
    """A path with `~` and `~user` at its beginning replaced by the home folder, as a shell does it."""
    return os.path.expanduser(path)


def _named_path(value: Any) -> Any:
    """A path that is given as text, with its home folder. Raises ValueError for an empty one, which is not the current
    folder: a variable that stands there may not be set.
    """
    if isinstance(value, str) and not value.strip():
        raise ValueError("must not be empty; if a variable stands there, it is not set")
    return expanded(value) if isinstance(value, str) else value


PlainText = Annotated[str, AfterValidator(plain_text)]
PlainPath = Annotated[Path, BeforeValidator(_named_path), AfterValidator(_plain_path)]

QualityWanted = Annotated[
    Literal["draft", "good", "best"] | None,
    Field(
        title="Quality",
        description="In place of a preset: how good the pictures are to be. The first plan chooses the recipe and keeps it.",
    ),
]
SecondsPerPicture = Annotated[
    float | None,
    Field(
        gt=0,
        le=1_000_000,
        title="Seconds per picture",
        description="In place of a preset: the best recipe that takes so long here, chosen by the first plan and kept.",
    ),
]
CHOOSERS = ("preset", "quality", "seconds_per_picture")
"""Fields that say which recipe a run begins with; one of them at most is given."""


def _scorer_named(value: str) -> str:
    plain_text(value)
    if value.endswith(SUFFIX) or re.fullmatch(r"[A-Za-z0-9_-]{1,100}", value):
        return value
    raise ValueError(f"must be the name of a classifier that comes with Nocturne, or the path of a {SUFFIX} file")


ScorerName = Annotated[
    str | None,
    AfterValidator(lambda value: None if value is None else _scorer_named(value)),
    Field(
        title="Scorer",
        description="Classifier that labels each output: `genres`, or a file that `train-classifier` wrote; empty: none.",
    ),
]
"""What `core.networks.classifier_file.resolve_path` finds the file of."""


RunFolder = Annotated[PlainPath, Field(title="Run folder", description="Where the run and its outputs live.")]
Limit = Annotated[int | None, Field(ge=1, title="Limit", description="Make only the first N jobs of the plan.")]
Reuse = Annotated[
    list[PlainPath], Field(title="Reuse", description="Other run folders whose equal jobs are taken over.")
]
SpareDisk = Annotated[
    float,
    Field(
        ge=0,
        title="Spare disk",
        description="GB of disk that a night must leave free; one predicted to need more is refused before it begins.",
    ),
]
SystemFolders = Annotated[
    bool,
    Field(
        title="System folders",
        description="Look into folders that systems make, too, such as @eaDir and $RECYCLE.BIN.",
    ),
]
MaxMegapixels = Annotated[
    float,
    Field(gt=0, le=2000, title="Pixel limit", description="Largest picture that is read, in megapixels."),
]
TimeLimit = Annotated[
    float | None,
    Field(
        gt=0,
        le=1_000_000,
        title="Time limit",
        description="Seconds a job may take; empty: ten times the prediction, at least 120.",
    ),
]
ShardSeconds = Annotated[
    float,
    Field(ge=1, le=3600, title="Shard length", description="Predicted seconds of work in one Prefect task."),
]
Device = Annotated[
    str,
    AfterValidator(_known_device),
    Field(title="Device", description="`auto`, `cpu`, `cuda`, `mps`, or several such as `cuda:0,cuda:1`."),
]


def absolute(folder: Path, path: Path) -> Path:
    """`path` as it is seen from `folder`."""
    return Path(os.path.abspath(folder / path))


def check_folder(name: str, folder: Path) -> None:
    """Raises SpecError unless `folder`, which the field `name` gives, is a folder that may be read."""
    if not folder.is_dir():
        raise SpecError(f"{name} {folder} is not a folder", "give the path of an existing one.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SpecError(f"{name} {folder} may not be read", "change its permissions.")


def check_apart(out: Path, inputs: Iterable[tuple[str, Path]]) -> None:
    """Raises SpecError for an input folder that is the run folder `out`, or any run's, or where `out` keeps what it makes.

    A folder below its outputs may be an input, such as the samples of a run that are painted in it: a plan whose outputs
    would lie there is refused when it is made.
    """
    real_out = os.path.realpath(out)
    for name, folder in inputs:
        real = os.path.realpath(folder)
        if is_same_file(folder, out):
            raise SpecError(f"out {out} is the folder of {name} too", "choose another folder for the run.")
        if mark := run_mark(folder):
            raise run_as_input(f"{name} {folder}", mark)
        inside = os.path.relpath(real, real_out).split(os.sep)
        if inside[0] in MADE and (inside[0] != OUTPUTS or len(inside) == 1):
            raise SpecError(f"{name} {folder} is where the run {out} keeps what it makes", "choose another --out.")


def run_as_input(where: str, mark: str) -> SpecError:
    """The error of a run folder that is given as a folder of pictures. mark: its kind (core.storage.run_marks)."""
    return SpecError(f"{where} is the folder of a {mark}", "give the folder of pictures in it that is meant.")


def check_reuse(runs: list[Path]) -> None:
    """Raises SpecError for a run to reuse that is not there."""
    for run in runs:
        if not run.is_dir():
            raise SpecError(f"reuse {run} is not a run folder", "leave it out or correct the path.")


def check_scorer(scorer: str | None) -> None:
    """Raises SpecError for a scorer that is no whole classifier."""
    if scorer is not None:
        from core.networks.classifier_file import read  # numpy comes with it, and the command line is to be quick

        read(scorer)


def check_one_device(device: str) -> None:
    """Raises SpecError for several devices, where a network is trained."""
    if "," in device:
        raise SpecError(f"device {device}: one network is trained on one device", "name one.")


def check_out(folder: Path, kind: str, records: Collection[str] = ()) -> None:
    """Raises SpecError if the folder of a `kind` of run cannot be made or written, or is somebody else's."""
    check_run_folder("out", folder, kind, records)
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise SpecError(f"out {folder} cannot be made: {existing} is not a folder.")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise SpecError(f"out {folder} cannot be written: {existing} may not be written to", "choose another --out.")
