"""Boxes of a JPEG XL file (ISO/IEC 18181-2): its codestream and its metadata, without trusting a length."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

NAKED = b"\xff\x0a"
"""The first bytes of a codestream without boxes."""

_MOST_BOXES = 10_000
_WHOLE, _PART, _PACKED = b"jxlc", b"jxlp", b"brob"
_NUMBER, _KIND = 4, 4


class JxlBox(NamedTuple):
    """A box: its kind, where its body is and how long."""

    kind: bytes
    start: int
    length: int


def codestream(file: IO[bytes], longest: int | None = None) -> bytes:
    """The codestream of the open `file`, or its first bytes: the file's, or what is in the boxes of it or its parts.

    Raises ValueError if a box is longer than the file, or there are far too many.
    """
    file.seek(0)
    if file.read(2) == NAKED:
        return NAKED + file.read(-1 if longest is None else longest)
    found = bytearray()
    for box in _boxes(file):
        if box.kind not in (_WHOLE, _PART):
            continue
        skipped = _NUMBER if box.kind == _PART else 0
        file.seek(box.start + skipped)
        found += file.read(max(box.length - skipped, 0))
        if box.kind == _WHOLE or (longest is not None and len(found) >= longest):
            break
    return bytes(found)


def metadata(file: IO[bytes], kind: bytes, longest: int) -> bytes | None:
    """The body of the first box of a kind, such as `Exif`, unpacked if need be; None if there is none, if it is over
    `longest` bytes, or if it cannot be unpacked. Raises as `codestream` does.
    """
    file.seek(0)
    if file.read(2) == NAKED:
        return None
    for box in _boxes(file):
        if box.length > longest or box.kind not in (kind, _PACKED):
            continue
        file.seek(box.start)
        body = file.read(box.length)
        if box.kind == kind:
            return body
        if body[:_KIND] == kind:
            return _unpacked(body[_KIND:], longest)
    return None


def _unpacked(data: bytes, longest: int) -> bytes | None:
    """Brotli's bytes, of which few can become terabytes: no more than `longest` are made."""
    import brotli

    unpacker = brotli.Decompressor()
    try:
        made = b""
        while len(made) <= longest and not unpacker.is_finished():
            more: bytes = unpacker.process(data, output_buffer_limit=longest + 1 - len(made))
            if not more and not data:
                return None
            made, data = made + more, b""
    except brotli.error:
        return None
    return made if len(made) <= longest else None


def _boxes(file: IO[bytes]) -> Iterator[JxlBox]:
    end, at, has_picture = file.seek(0, os.SEEK_END), 0, False
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:  # the end, or filling
            return
        size, kind = struct.unpack_from(">I4s", head)
        start = 8
        if size == 1 and len(head) == 16:
            (size,), start = struct.unpack_from(">Q", head, 8), 16
        size = size or end - at  # none: up to the end of the file
        if not start <= size <= end - at:
            if has_picture:  # what follows the picture is no box, and nobody needs it
                return
            raise ValueError("one of its boxes is longer than the file")
        has_picture |= kind in (_WHOLE, _PART)
        yield JxlBox(kind, at + start, size - start)
        at += size
    raise ValueError("it has far too many boxes")
