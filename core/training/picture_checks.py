"""Pictures that teach or test nothing: of one colour, of a few pixels, all the same, held out and trained on too.

Said before a training spends hours on them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from core.images.pixel_types import U8

TINY = 16
"""Pixels of a shorter side under which there is nothing to learn from."""


def is_plain(rgb: U8) -> bool:
    """Whether a picture (height, width, 3) has one colour all over."""
    first = rgb[:1, :1]
    return bool((rgb[::61, ::61] == first).all()) and bool(
        (rgb == first).all()
    )  # most are told by some of their pixels


def count_shared(trained: Iterable[U8], held_out: Iterable[U8]) -> int:
    """How many of the held-out pictures are trained on too, pixel by pixel; both are to be prepared alike.

    Copies of other names, formats and metadata are found so.
    """
    known = {_digest(picture) for picture in trained}
    return sum(_digest(picture) in known for picture in held_out)


def _digest(picture: U8) -> bytes:
    return hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).digest()


class PictureChecks:
    """Counts what teaches little among pictures (height, width, 3) that are shown to it."""

    def __init__(self) -> None:
        self._count = self._tiny = self._plain = 0
        self._different: set[bytes] = set()

    def add(self, rgb: U8) -> None:
        """Look at a picture."""
        self._count += 1
        self._tiny += min(rgb.shape[:2]) < TINY
        self._plain += is_plain(rgb)
        if len(self._different) < 2:
            self._different.add(_digest(rgb))

    def sentences(self) -> list[str]:
        """One for each kind that there is."""
        found = []
        if self._count > 1 and len(self._different) == 1:
            found.append(f"all {self._count:,} pictures are one and the same; nothing else can be learnt from them.")
        for count, what in (
            (self._plain, "of one colour all over"),
            (self._tiny, f"less than {TINY} pixels high or wide"),
        ):
            if count:
                found.append(f"{count:,} of {self._count:,} pictures are {what}; take them out unless that is meant.")
        return found
