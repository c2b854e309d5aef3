"""Parse PNG chunks, JPEG segments and WebP headers, without a decoder and without trusting lengths."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
"""The first eight bytes of every PNG."""

START_OF_SCAN, END_OF_PICTURE, APP1 = 0xDA, 0xD9, 0xE1
MOST_CHUNKS = 100_000
"""Chunks of a PNG beside its pixels from which on it is damaged, or means harm."""

_BLOCK = 1 << 16
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})


class JpegSegment(NamedTuple):
    """A piece of a JPEG: its marker, where its body is and how long, and the bytes skipped before it."""

    marker: int
    start: int
    length: int
    skipped: int


class PngChunk(NamedTuple):
    """A chunk of a PNG: its type, where its data are and how long they say they are."""

    kind: bytes
    start: int
    length: int


def png_chunks(file: IO[bytes], longest: int) -> Iterator[tuple[bytes, bytes]]:
    """The (type, data) of a PNG's chunks but the pixels; of those over `longest` bytes the data are empty.

    Raises ValueError as `png_layout` does.
    """
    for chunk in png_layout(file):
        file.seek(chunk.start)
        yield chunk.kind, file.read(chunk.length) if chunk.length <= longest else b""


def png_chunk(file: IO[bytes], kind: bytes, longest: int) -> bytes | None:
    """The data of the first chunk of a kind, which may lie behind the pixels; None without one, empty for a longer one.

    The open file stays where it is: Pillow goes on reading the chunks from there. Raises ValueError as `png_layout` does.
    """
    here = file.tell()
    found = next((data for each, data in png_chunks(file, longest) if each == kind), None)
    file.seek(here)
    return found


def png_layout(file: IO[bytes]) -> Iterator[PngChunk]:
    """The chunks of a PNG but the pixels, up to its end, or to where it is cut off behind its pixels.

    Raises ValueError if they are more than MOST_CHUNKS, or if one before the pixels says that it is longer than the file.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(8) != PNG_MAGIC:
        return
    count, at, pixels = 0, 8, False
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        pixels |= kind == b"IDAT"
        if length > size and (kind in (b"IDAT", b"IEND") or not pixels):  # Pillow would ask for so much memory at once
            raise ValueError("a chunk longer than the file")
        if kind == b"IEND":
            return
        count += kind != b"IDAT"
        if count > MOST_CHUNKS:
            raise ValueError(f"more than {MOST_CHUNKS:,} chunks")
        if kind != b"IDAT":
            yield PngChunk(kind, at + 8, length)
        at += length + 12
        file.seek(at)


def jpeg_segments(file: IO[bytes]) -> Iterator[JpegSegment]:
    """The segments of a JPEG up to the end of its first picture, in the header and between its scans."""
    position = 2  # behind the marker that begins the file
    while True:
        found = _next_marker(file, position)
        if found is None:
            return
        place, marker = found
        start, length = place + 2, 0
        if marker not in _ALONE:
            file.seek(start)
            length = int.from_bytes(file.read(2), "big")
        yield JpegSegment(marker, start, length, place - position)
        if marker == END_OF_PICTURE:
            return
        position = start + length


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Canvas size in the first 30 bytes of a WebP file (RFC 9649, 2.4 to 2.7); None for anything else."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return None
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def webp_has_profile(file: IO[bytes]) -> bool:
    """Whether a WebP says that it has an ICC profile."""
    file.seek(0)
    head = file.read(21)
    return head[12:16] == b"VP8X" and len(head) == 21 and bool(head[20] & 0x20)


def webp_exif(file: IO[bytes], longest: int) -> bytes | None:
    """The EXIF chunk of a WebP, if it has one of at most `longest` bytes."""
    file.seek(12)
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        kind, length = struct.unpack("<4sI", head)
        if kind == b"EXIF":
            return file.read(length) if length <= longest else None
        file.seek(length + length % 2, os.SEEK_CUR)
    return None


def _next_marker(file: IO[bytes], position: int) -> tuple[int, int] | None:
    """Where the next marker at or behind `position` begins, and which it is; None if there is none."""
    file.seek(position)
    block = file.read(4)  # mostly it stands right there
    while len(block) >= 2:
        found = _NEXT_MARKER.search(block)
        if found:
            return position + found.start(), block[found.start() + 1]
        position += len(block) - 1  # a marker may begin with the last byte
        file.seek(position)
        block = file.read(_BLOCK)
    return None
