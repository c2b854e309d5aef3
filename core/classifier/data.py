"""Labelled pictures for a classifier: a folder whose subfolders are classes, or a CSV of files and labels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from core.errors import SpecError
from core.planning.file_digests import DigestCache
from core.planning.library import scan
from core.safe_text import one_spelling, printable, truncated
from core.storage.composition_lookup import CompositionLookup
from core.storage.text_file import read_csv
from core.training.picture_checks import TINY

COLUMNS = ("file", "label")
"""What a CSV has to have; `asset` may stand for `file`."""
MOST_CLASSES, LONGEST_LABEL, MOST_BYTES = 1000, 200, 128 << 20


@dataclass(frozen=True)
class LabelledPicture:
    """One labelled picture. `name` is its path in the data, `label` the number of its class, `digest` stands for its pixels
    (see core.planning.file_digests.pixel_digest).
    """

    file: Path
    name: str
    label: int
    digest: str


@dataclass(frozen=True)
class LabelledPictures:
    """Labelled pictures in the order of their names, and sentences about files that were left out."""

    classes: tuple[str, ...]
    pictures: tuple[LabelledPicture, ...]
    skipped: tuple[str, ...] = ()

    @property
    def labels(self) -> Int[NDArray[np.int64], " n"]:
        """The number of each picture's class."""
        return np.array([each.label for each in self.pictures], np.int64)

    @property
    def digest(self) -> str:
        """16 hex digits over the pictures' bytes and labels."""
        text = "\n".join(f"{each.digest} {self.classes[each.label]}" for each in self.pictures)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def counts(self) -> dict[str, int]:
        """Pictures of each class."""
        found = np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, found.tolist(), strict=True))


def load_pictures(data: Path, max_pixels: int, *, system_folders: bool = False) -> LabelledPictures:
    """The labelled pictures of a folder or a CSV; broken ones and further copies of a picture are left out and listed.

    Raises SpecError for what is neither, for fewer than two classes, and for a picture with two labels.
    """
    skipped = list[str]()
    from_csv = data.suffix.lower() == ".csv"
    listed = sorted(_from_csv(data) if from_csv else _from_folder(data, system_folders, skipped))
    labels = one_spelling([label for _, label, _ in listed])
    listed = [(name, label, file) for (name, _, file), label in zip(listed, labels, strict=True)]
    classes = tuple(sorted(set(labels)))
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise SpecError(
            f"{printable(str(data))} has {len(classes)} classes",
            f"put the pictures into a folder for each of at least two, "
            f"or give a CSV with the columns {', '.join(COLUMNS)}.{''.join(f' {text}' for text in skipped[-3:])}",
        )
    too_long = next((label for label in classes if len(label) > LONGEST_LABEL), None)
    if too_long is not None:
        raise SpecError(
            f"{printable(str(data))}: the label {truncated(printable(too_long))} is longer than {LONGEST_LABEL} characters."
        )
    return _labelled(listed, classes, max_pixels, skipped)


def _from_folder(data: Path, system_folders: bool, skipped: list[str]) -> Iterator[tuple[str, str, Path]]:
    """(name, label, file) of every picture below a subfolder; the outermost is its class. Whatever else there is gets a
    sentence in `skipped`.
    """
    if not data.is_dir():
        raise SpecError(f"{printable(str(data))} is neither a folder nor a CSV", "give the path of one.")
    library, filled = scan(data, system_folders=system_folders), set[str]()
    for asset in library.assets:
        label, slash, _ = asset.name.partition("/")
        if slash and asset.problem is None:
            filled.add(label)
            yield asset.name, label, data / asset.file
        else:
            skipped.append(asset.problem or f"{asset.name} lies beside the class folders; move it into one of them.")
    skipped += [f"class {name} has no picture; it is left out." for name in library.folders if name not in filled]
    skipped += library.passed.sentences(f"data {printable(str(data))}")


def _from_csv(data: Path) -> Iterator[tuple[str, str, Path]]:
    """The same of the lines of a CSV; relative paths begin at its folder, and may be of another Unicode composition."""
    lookup = CompositionLookup()
    table = read_csv(data, MOST_BYTES, "labels", "give the path of a folder or a CSV.")
    for number, row in table.rows():
        name, label = (row.get("file") or row.get("asset") or "").strip(), (row.get("label") or "").strip()
        if not name or not label:
            raise SpecError(
                f"{printable(str(data))}, line {number}: it needs the columns {' and '.join(COLUMNS)}, both filled."
            )
        yield name, label, lookup.find(Path(os.path.abspath(data.parent / name)))


def _labelled(
    listed: list[tuple[str, str, Path]], classes: tuple[str, ...], max_pixels: int, skipped: list[str]
) -> LabelledPictures:
    digests = DigestCache()
    found = digests.measure([os.fspath(file) for *_, file in listed], max_pixels)
    skipped += digests.notices
    pictures: list[LabelledPicture] = []
    first: dict[str, LabelledPicture] = {}
    for (name, label, file), measured in zip(listed, found, strict=True):
        if measured.reason is not None:
            skipped.append(measured.message or f"{name} cannot be read.")
            continue
        if min(measured.width, measured.height) < TINY:
            skipped.append(f"{name} is {measured.width}x{measured.height} pixels: little can be learnt from it.")
        picture = LabelledPicture(file, name, classes.index(label), measured.pixel_digest)
        before = first.setdefault(picture.digest, picture)
        if before is picture:
            pictures.append(picture)
        elif before.label != picture.label:
            raise SpecError(
                f"{printable(name)} and {printable(before.name)} are one picture with two labels",
                "leave one of them out.",
            )
        else:
            skipped.append(f"{name} is the same picture as {before.name}: it is learnt once.")
    return LabelledPictures(classes, tuple(pictures), tuple(skipped))
