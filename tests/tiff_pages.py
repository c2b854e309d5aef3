"""TIFFs of several pages by hand, with pages below pages, in either byte order."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tags = dict[int, tuple[str, Sequence[int]]]
_TYPES = {"B": 1, "H": 3, "I": 4}


@dataclass
class Page:
    """A page: pixels (h, w) or (h, w, 3), tags beside those that they need, and pages below it."""

    pixels: NDArray[Any]
    tags: Tags = field(default_factory=dict)
    below: Sequence[Page] = ()
    deflate: bool = False


def tiff(pages: Sequence[Page], order: str = "<", mark: bytes = b"") -> bytes:
    """A TIFF of these pages; `mark` comes behind its first 8 bytes."""
    data = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 0) + mark.ljust(8, b"\0"))
    link = 4
    for page in pages:
        struct.pack_into(order + "I", data, link, len(data) + len(data) % 2)
        link = _append(data, page, order)
    return bytes(data)


def _append(data: bytearray, page: Page, order: str) -> int:
    """Append a page, and what is below it behind that. Returns where the place of the page after it is said."""
    data += bytes(len(data) % 2)
    height, width = page.pixels.shape[:2]
    channels = page.pixels.shape[2] if page.pixels.ndim == 3 else 1
    strip = page.pixels.astype(page.pixels.dtype.newbyteorder(order)).tobytes()
    strip = zlib.compress(strip) if page.deflate else strip
    tags: Tags = {
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [8 * page.pixels.dtype.itemsize] * channels),
        259: ("H", [8 if page.deflate else 1]),
        262: ("H", [2 if channels == 3 else 1]),
        273: ("I", [0]),
        277: ("H", [channels]),
        278: ("I", [height]),
        279: ("I", [len(strip)]),
        **page.tags,
    }
    if page.below:
        tags[330] = ("I", [0] * len(page.below))
    index, places = len(data), dict[int, int]()
    data += struct.pack(order + "H", len(tags)) + bytes(12 * len(tags) + 4)
    for number, (tag, (code, values)) in enumerate(sorted(tags.items())):
        at = index + 2 + 12 * number
        packed = struct.pack(f"{order}{len(values)}{code}", *values)
        struct.pack_into(order + "HHI", data, at, tag, _TYPES[code], len(values))
        places[tag] = at + 8 if len(packed) <= 4 else len(data)
        if len(packed) > 4:
            struct.pack_into(order + "I", data, at + 8, len(data))
            data += packed + bytes(len(packed) % 2)
        else:
            data[at + 8 : at + 12] = packed.ljust(4, b"\0")
    struct.pack_into(order + "I", data, places[273], len(data))
    data += strip
    for number, below in enumerate(page.below):
        struct.pack_into(order + "I", data, places[330] + 4 * number, len(data) + len(data) % 2)
        _append(data, below, order)
    return index + 2 + 12 * len(tags)


def flat(width: int, height: int, value: int = 99, dtype: Any = np.uint8) -> NDArray[Any]:
    """Grey pixels of one value."""
    return np.full((height, width), value, dtype)
