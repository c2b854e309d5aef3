"""Recipe fields of the delivered file: size, format, bit depth, quality, colour profile."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from core.images import formats
from core.images.formats import WRITABLE, FormatName, listed

MOST_PIXELS = 65_535
"""Longest side of an output in pixels that can be asked for."""


DEEP = [each for each in WRITABLE.values() if 16 in each.depths]
LOSSLESS = [each for each in WRITABLE.values() if each.lossless]
LOSSY = [each for each in WRITABLE.values() if not each.lossless]


def _titles(rows: list[formats.FileFormat]) -> str:
    return listed((row.title for row in rows), "and")


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _known_size(value: str) -> str:
    if value in ("working", "asset") or (re.fullmatch(r"[1-9][0-9]{1,4}", value) and 16 <= int(value) <= MOST_PIXELS):
        return value
    raise ValueError(f"must be `working`, `asset`, or the longest side in pixels, 16 to {MOST_PIXELS}")


def longest_side(output_size: str, working: int, asset: int) -> int:
    """Longest side in pixels of an output that is made at `working` of an asset of this longest side.

    >>> [longest_side(size, 512, 4000) for size in ("working", "asset", "2000", "9000")]
    [512, 4000, 2000, 4000]
    """
    return min(asset, working if output_size == "working" else asset if output_size == "asset" else int(output_size))


OutputSize = Annotated[
    str,
    BeforeValidator(_as_text),
    AfterValidator(_known_size),
    Field(
        title="Output size",
        description="`working`: as made; `asset`: lifted to its size along its edges; or the longest side in pixels.",
    ),
]
OutputFormat = Annotated[FormatName, Field(title="File format", description="Format of the outputs.")]
Depth = Annotated[
    int,
    Field(
        ge=8, le=16, multiple_of=8, title="Depth", description=f"Bits a channel, 8 or 16; 16 for {_titles(DEEP)} alone."
    ),
]
EncodingQuality = Annotated[
    int,
    Field(
        ge=1,
        le=100,
        title="Quality",
        description=f"{_titles(LOSSY)} quality; {_titles(LOSSLESS)} are lossless.",
    ),
]
KeepProfile = Annotated[
    bool,
    Field(
        title="Keep profile",
        description="Outputs are in the asset's RGB colour profile, and carry it; else sRGB.",
    ),
]


def check_depth(depth: int, format: str) -> None:  # noqa: A002
    """Raises ValueError for a depth that the file format cannot hold."""
    if depth == 16 and 16 not in WRITABLE[format].depths:
        raise ValueError(f"a {format} file has 8 bits a channel; choose {listed(each.name for each in DEEP)} for 16")
