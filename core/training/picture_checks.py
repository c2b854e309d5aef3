"""Pictures that teach nothing: of one colour, of a few pixels, all the same. Said before a training spends hours on them."""

from __future__ import annotations

import hashlib

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
            self._different.add(hashlib.sha256(repr(rgb.shape).encode() + np.ascontiguousarray(rgb).tobytes()).digest())

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
