"""Limits on the headers of picture files: decompression bombs and time bombs are refused before a decoder runs."""

from __future__ import annotations

import os
import re
import struct
from typing import IO

from PIL import TiffImagePlugin

from core.errors import Unreadable
from core.images.containers.container_parsing import (
    APP1,
    START_OF_SCAN,
    jpeg_segments,
    png_chunks,
)
from core.images.containers.jxl_header import MOST_EXTRA_CHANNELS, jxl_header
from core.images.containers.tiff_pages import picture_page
from core.images.formats import recognised

MOST_SCANS = 64
"""Times that a JPEG may go over its pixels: programs write about ten, and each costs as much time as the first."""

MOST_EXIF = 256
"""EXIF segments of a JPEG: each is added to those before, so that time grows with the square of their number."""

MOST_STEPS = 2_000_000
"""Bytes between the segments of a JPEG's header, each of which is looked at by itself: about a second's work."""

_STEPS_OF_SEGMENT = 20
"""What a segment costs, in such bytes."""

MOST_VALUES = 200_000
"""Values of a TIFF's tag that are needed, or take time to read, such as fractions."""

LARGE_TILE = 4096**2
"""Pixels of a tile up to which it may be larger than the picture."""

MOST_ITEMS = 512
"""Items of an AVIF or HEIC: each may be a tile of a grid, which is decoded by itself."""

MOST_BYTES = 1 << 30
"""Bytes of an AVIF, HEIC or JPEG XL, which is read whole before it is known what it is."""

_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_FRACTIONS = frozenset({5, 10})
_NEEDED = frozenset({254, *range(256, 260), 262, 266, 274, 277, 278, 282, 283, 284, 296, 317, 320, 322, 323, 338, 339})
_SCAN = b"\xff\xda"
_EXTENT = re.compile(rb"ispe\0\0\0\0(.{8})", re.DOTALL)
_ITEM = re.compile(rb"infe(?:\x02.{7}|\x03.{9})(.{4})(?=(.{0,255}))", re.DOTALL)
_BLOCK = 1 << 20


def check_header(file: IO[bytes], head: bytes, name: str) -> None:
    """Check the header of the open `file`, which begins with `head`, against the limits.

    Raises Unreadable for one that no program writes, and ValueError for one with far too many parts.
    """
    known = recognised(head)
    if known and known.name in _CHECKS:
        _CHECKS[known.name](file, name)


def check_scans(file: IO[bytes], name: str) -> None:
    """Raises Unreadable for a JPEG that goes over its pixels more than MOST_SCANS times."""
    if _occurrences(file, _SCAN, MOST_SCANS) <= MOST_SCANS:  # quick, and nearly always the answer
        return
    scans = 0
    for segment in jpeg_segments(file):
        scans += segment.marker == START_OF_SCAN
        if scans > MOST_SCANS:
            raise _odd(name, f"it goes over its pixels more than {MOST_SCANS} times")


def check_tiles(image: TiffImagePlugin.TiffImageFile, name: str) -> None:
    """Raises Unreadable for a TIFF whose tiles, which are decoded whole, are much larger than its picture."""
    width, height = (image.tag_v2.get(tag) for tag in (_TILE_WIDTH, _TILE_HEIGHT))
    if not isinstance(width, int) or not isinstance(height, int):
        return
    if width * height > max(LARGE_TILE, 2 * image.width * image.height):
        raise _odd(name, f"its tiles are {width}x{height}")


def check_extents(file: IO[bytes], size: tuple[int, int], name: str) -> None:
    """Raises Unreadable for a HEIC with an item much larger than its picture, of which a crop may show little."""
    file.seek(0)
    tail = b""
    while block := file.read(_BLOCK):
        for found in _EXTENT.finditer(tail + block):
            width, height = struct.unpack(">II", found[1])
            if width * height > max(LARGE_TILE, 2 * size[0] * size[1]):
                raise _odd(name, f"a part of it is {width}x{height}")
        tail = block[-16:]


def _check_jpeg(file: IO[bytes], name: str) -> None:
    steps = exif = 0
    for segment in jpeg_segments(file):
        if segment.marker == START_OF_SCAN:
            return
        steps += _STEPS_OF_SEGMENT + segment.skipped
        if segment.marker == APP1:
            file.seek(segment.start + 2)
            exif += file.read(6) == b"Exif\0\0"
        if steps > MOST_STEPS or exif > MOST_EXIF:
            raise _odd(name, "its header has too many parts")


def _check_png(file: IO[bytes], name: str) -> None:  # noqa: ARG001
    for _ in png_chunks(file, 0):  # it counts them
        pass


def _check_tiff(file: IO[bytes], name: str) -> None:
    page = picture_page(file, name)
    for entry in page.entries if page else ():
        if entry.values > MOST_VALUES and (entry.tag in _NEEDED or entry.type in _FRACTIONS):
            raise _odd(name, f"its tag {entry.tag} has {entry.values:,} values")


def _check_avif(file: IO[bytes], name: str) -> None:
    _check_bytes(file, name)
    if _occurrences(file, b"infe", MOST_ITEMS) > MOST_ITEMS:
        raise _odd(name, f"it has more than {MOST_ITEMS} items")


def _check_heic(file: IO[bytes], name: str) -> None:
    """As an AVIF; and what its items are has to be text, which pi-heif 1.4 takes it for without a look, and crashes."""
    _check_avif(file, name)
    file.seek(0)
    tail = b""
    while block := file.read(_BLOCK):
        for kind, rest in _ITEM.findall(tail + block):
            said = kind + (rest.split(b"\0")[1] if kind == b"mime" and rest.count(b"\0") else b"")
            if not said.isascii():
                raise _odd(name, "an item of it is of no kind that there is")
        tail = block[-512:]


def _check_jxl(file: IO[bytes], name: str) -> None:
    _check_bytes(file, name)
    if jxl_header(file).extra_channels > MOST_EXTRA_CHANNELS:
        raise _odd(name, f"it has more than {MOST_EXTRA_CHANNELS} channels beside its colours")


def _check_bytes(file: IO[bytes], name: str) -> None:
    if file.seek(0, os.SEEK_END) > MOST_BYTES:
        raise _odd(name, f"it has more than {MOST_BYTES:,} bytes")


_CHECKS = {
    "jpg": _check_jpeg,
    "png": _check_png,
    "tiff": _check_tiff,
    "avif": _check_avif,
    "heic": _check_heic,
    "jxl": _check_jxl,
}


def _odd(name: str, fault: str) -> Unreadable:
    return Unreadable(f"{name} is damaged, or made to do harm ({fault})", "save it again with another program.")


def _occurrences(file: IO[bytes], part: bytes, enough: int) -> int:
    """How often `part` occurs in the file; counting ends beyond `enough`."""
    file.seek(0)
    count, tail = 0, b""
    while count <= enough and (block := file.read(_BLOCK)):
        count += (tail + block).count(part)
        tail = block[-(len(part) - 1) :]
    return count
