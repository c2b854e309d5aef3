"""Classifier files: one safetensors file with a classifier's tensors and, as text, its classes, limits and figures.

A file from a stranger is tensors and text: nothing of it is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from core.errors import SpecError
from core.networks.classifier import Classifier, Outliers
from core.networks.feature_spec import DIMS, WIDE_DIMS, WIDE_NAME
from core.safe_text import printable, truncated
from core.storage.safetensors_header import SUFFIX, FileKind, SafetensorsHeader, read_header

FILE_KIND = FileKind(
    "classifier file", "nocturne train-classifier", "nocturne classifier 1", "classifier of this version"
)
MOST_CLASSES, MOST_DIRECTIONS = 1000, DIMS

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "networks"
"""Where classifiers lie that come with Nocturne; a spec names one without folder and suffix."""

Finite = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Notes(BaseModel):
    """The metadata of a file, as one JSON text."""

    model_config = ConfigDict(extra="forbid")

    features: str
    classes: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        min_length=2, max_length=MOST_CLASSES
    )
    temperature: Finite
    threshold: float = Field(ge=0, le=1)
    rest: Finite
    limit: Finite
    figures: dict[str, Any]
    data: dict[str, Any]

    @field_validator("classes")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("two classes have one name")
        return value


def resolve_path(name: str | Path) -> Path:
    """The file that a spec's `scorer` means: the name of a shipped classifier, or a path.

    >>> resolve_path("genres").name
    'genres.safetensors'
    """
    text = str(name)
    return Path(text) if text.endswith(SUFFIX) else SHIPPED / f"{Path(text).name}{SUFFIX}"


def read(name: str | Path) -> Classifier:
    """The classifier of a file, or the shipped one of this name.

    Raises SpecError, naming the file, if it is absent, damaged, a pickle, or of other features than this Nocturne has.
    """
    path = resolve_path(name)
    if path != Path(name) and not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob(f"*{SUFFIX}") if is_classifier_file(file)))
        raise SpecError(
            f"There is no classifier {printable(str(name))!r}", f"use one of {shipped}, or the path of a file."
        )
    header = read_header(path, FILE_KIND)
    notes = _notes(header)
    return _classifier(header, notes, _tensors(header, len(notes.classes)))


def is_classifier_file(file: Path) -> bool:
    """Whether a file says that it is a classifier; one that cannot be understood is none."""
    try:
        read_header(file, FILE_KIND)
    except SpecError:
        return False
    return True


def file_bytes(classifier: Classifier) -> bytes:
    """A classifier as the bytes of a file."""
    outliers = classifier.outliers
    notes = _Notes(
        features=WIDE_NAME,
        classes=classifier.classes,
        temperature=classifier.temperature,
        threshold=classifier.threshold,
        rest=outliers.rest,
        limit=outliers.limit,
        figures=classifier.figures,
        data=classifier.data,
    )
    arrays = {
        "weight": classifier.weight,
        "bias": classifier.bias,
        "outliers.mean": outliers.mean,
        "outliers.basis": outliers.basis,
    }
    # what lies column by column would be written as it lies, and read row by row
    tensors = {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}
    return bytes(save_tensors(tensors, {"format": FILE_KIND.format, "notes": notes.model_dump_json()}))


def _notes(header: SafetensorsHeader) -> _Notes:
    with header.parsing() as metadata:
        notes = _Notes.model_validate_json(metadata["notes"])
    if notes.features != WIDE_NAME:
        raise SpecError(
            f"{printable(str(header.path))} was trained on other features ({truncated(printable(notes.features))})",
            f"train it again with `{FILE_KIND.command}`.",
        )
    return notes


def _tensors(header: SafetensorsHeader, classes: int) -> dict[str, Any]:
    """The tensors, of the right shapes and finite."""
    shapes = {"weight": (WIDE_DIMS, classes), "bias": (classes,), "outliers.mean": (DIMS,)}
    header.check_floats(
        header.tensors, ("F32",)
    )  # what `file_bytes` writes; a verdict of rounded values would be another
    try:
        found = load_tensors(header.path.read_bytes())
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise header.damaged("its tensors cannot be read") from error
    basis = found.get("outliers.basis", np.zeros(0))
    if basis.ndim != 2 or basis.shape[0] != DIMS or not 1 <= basis.shape[1] <= MOST_DIRECTIONS:
        raise header.damaged("it has no tensor outliers.basis of a classifier")
    for name, shape in shapes.items():
        if name not in found or found[name].shape != shape:
            raise header.damaged(f"it has no tensor {name} of a classifier of {classes} classes")
    if not all(np.isfinite(tensor).all() for tensor in found.values()):
        raise header.damaged("its tensors hold what is not a number")
    if not np.linalg.norm(basis, axis=0).all():
        raise header.damaged("a direction of outliers.basis has no length")
    return found


def _classifier(header: SafetensorsHeader, notes: _Notes, tensors: dict[str, Any]) -> Classifier:
    outliers = Outliers(tensors["outliers.mean"], tensors["outliers.basis"], notes.rest, notes.limit)
    about = notes.model_dump(mode="json", exclude={"figures", "data"})
    return Classifier(
        header.path.stem,
        notes.classes,
        tensors["weight"],
        tensors["bias"],
        notes.temperature,
        notes.threshold,
        outliers,
        notes.figures,
        notes.data,
        header.digest(about, sorted(header.tensors)),
    )
