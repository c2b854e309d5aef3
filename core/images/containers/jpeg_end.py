"""A JPEG that lacks its end mark: whether all of its pixels are there all the same.

libjpeg fills up what is missing without a word to Pillow, and without the end mark it does not finish even what is whole.
So the file is ended in two ways: by two stretches of different noise, each with restart marks and the end mark. A decoder
that has what it needs for every block before the end never looks at them, and shows the same picture twice; one that lacks
a block makes it of the noise. Passes over the pixels that are missing altogether are known by the headers of the others.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from typing import IO

from core.images.containers.container_parsing import END_OF_PICTURE, START_OF_SCAN, JpegSegment, jpeg_segments

LONGEST = 1 << 28
"""Bytes of a file over which it is not tried."""

_NOISE = 4096
_FRAMES = frozenset(range(0xC0, 0xCC)) - {0xC4, 0xC8}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA})
_COEFFICIENTS = 64


def endings(file: IO[bytes]) -> tuple[bytes, bytes] | None:
    """The open JPEG ended in two ways, whose pixels are the same if the file has them all.

    None if it has its end mark, if a pass over its pixels is missing, or if it is too long to try.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size > LONGEST or file.read(2) != b"\xff\xd8" or not _lacks_end_alone(file):
        return None
    file.seek(0)
    data = file.read()
    body = data.rstrip(b"\0")  # as disks and copying tools fill up what they did not get to write
    if body.endswith(b"\xff"):
        body = body + b"\0" if len(body) < len(data) else body[:-1]
    return body + _tail(1), body + _tail(2)


def _lacks_end_alone(file: IO[bytes]) -> bool:
    """Whether there is no end mark, and every coefficient of every component has been gone over in full."""
    components, progressive = set[int](), False
    missing = dict[int, set[int]]()
    for segment in jpeg_segments(file):
        if segment.marker == END_OF_PICTURE:
            return False
        body = _body(file, segment) if segment.marker in _FRAMES or segment.marker == START_OF_SCAN else b""
        if segment.marker in _FRAMES and len(body) >= 6:
            components = set(body[6::3][: body[5]])
            progressive = segment.marker in _PROGRESSIVE
            missing = {each: set(range(_COEFFICIENTS if progressive else 1)) for each in components}
        elif segment.marker == START_OF_SCAN and body:
            _go_over(missing, body, progressive)
    return bool(components) and not any(missing.values())


def _go_over(missing: Mapping[int, set[int]], scan: bytes, progressive: bool) -> None:
    """Take from `missing` what a scan of this header goes over in full (ITU-T T.81, B.2.3)."""
    count = scan[0]
    if len(scan) < 4 + 2 * count:
        return
    first, last, bits = scan[1 + 2 * count : 4 + 2 * count]
    if progressive and bits & 15:
        return
    for component in scan[1 : 1 + 2 * count : 2]:
        if component in missing:
            missing[component].difference_update(range(first, last + 1) if progressive else (0,))


def _body(file: IO[bytes], segment: JpegSegment) -> bytes:
    file.seek(segment.start + 2)
    return file.read(max(0, segment.length - 2))


def _tail(seed: int) -> bytes:
    noise = random.Random(seed)
    marks = [bytes(noise.randrange(1, 255) for _ in range(_NOISE)) + bytes((0xFF, 0xD0 + k % 8)) for k in range(16)]
    return b"".join(marks) + b"\xff\xd9"
