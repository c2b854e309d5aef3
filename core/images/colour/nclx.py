"""Colour codes (nclx) of the primary item of an AVIF or HEIF (ISO/IEC 23008-12, 14496-12), without a decoder."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from core.images.colour.cicp import Cicp

_LARGEST = 1 << 24
"""Bytes of the boxes that describe the items, over which they are not read."""
_MOST = 100_000
_FULL_BOX = 4


def nclx_codes(file: IO[bytes]) -> Cicp | None:
    """Primaries and transfer of the primary item; None if it says nothing, or is broken.

    Values are of the full range, whatever the file says: that is for the conversion from YCbCr, which the decoder does.
    """
    here = file.tell()
    try:
        return _codes(_meta(file))
    except (struct.error, ValueError, StopIteration, IndexError, KeyError):
        return None
    finally:
        file.seek(here)


def _meta(file: IO[bytes]) -> bytes:
    """The body of the box `meta` at the top. Raises ValueError if there is none of a sensible size."""
    at = 0
    for _ in range(_MOST):
        file.seek(at)
        head = file.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        start = 8
        if size == 1:
            (size,), start = struct.unpack_from(">Q", head, 8), 16
        if kind == b"meta" and start + _FULL_BOX < size <= _LARGEST:
            file.seek(at + start + _FULL_BOX)
            return file.read(size - start - _FULL_BOX)
        if size < start:
            break
        at += size
    raise ValueError("no box of items")


def _codes(meta: bytes) -> Cicp | None:
    boxes = dict(_boxes(meta))
    version = boxes[b"pitm"][0]
    primary = int.from_bytes(boxes[b"pitm"][4 : 8 if version else 6], "big")
    properties = dict(_boxes(boxes[b"iprp"]))
    held = [*_boxes(properties[b"ipco"])]
    for place in _associated(properties[b"ipma"], primary):
        kind, body = held[place - 1] if 0 < place <= len(held) else (b"", b"")
        if kind == b"colr" and body[:4] == b"nclx":
            return Cicp(*struct.unpack_from(">HH", body, 4))
    return None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kinds and bodies of the boxes in `data`."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        size = size or len(data) - at
        if size < 8:
            return
        yield kind, data[at + 8 : at + size]
        at += size


def _associated(data: bytes, item: int) -> Iterator[int]:
    """The numbers, from 1, of the properties that an item has, by the box `ipma`."""
    version, wide = data[0], data[3] & 1
    (count,), at = struct.unpack_from(">I", data, 4), 8
    name, line = (">I", 4) if version else (">H", 2)
    for _ in range(min(count, _MOST)):
        (found,) = struct.unpack_from(name, data, at)
        places, at = data[at + line], at + line + 1
        step = 2 if wide else 1
        if found == item:
            for place in range(places):
                number = int.from_bytes(data[at + step * place : at + step * (place + 1)], "big")
                yield number & (0x7FFF if wide else 0x7F)
        at += step * places
