"""A PNG without the chunks of metadata that Pillow would refuse the whole picture for: too long, cut short, malformed."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Sequence
from typing import IO, Any, cast

from PIL import PngImagePlugin

from core.images.containers.container_parsing import png_layout

LONGEST = 64 << 20
"""Bytes of a chunk of metadata over which it is passed over unread."""

LONGEST_PROFILE = 16 << 20
"""Bytes of a profile up to which it is used; Pillow's limit is 1 MB, and profiles of tables have several."""

MOST_TEXT = 8 << 20
"""Characters of texts behind which no more are read."""

_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_METADATA = frozenset((b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"tIME", b"eXIf"))


def readable_view(file: IO[bytes]) -> tuple[IO[bytes], bytes | None]:
    """The PNG open as `file` with what Pillow can read of it, and a profile that is in it and too long for Pillow.

    Pillow's own parser is asked of each chunk of metadata. What every chunk says is bounded by its limits on texts.
    """
    parser = PngImagePlugin.PngStream(io.BytesIO())
    kept, here, profile = list[tuple[int, int]](), 0, None
    for chunk in png_layout(file):
        if chunk.kind not in _METADATA:
            continue
        file.seek(chunk.start)
        data = file.read(chunk.length) if chunk.length <= LONGEST else b""
        if len(data) == chunk.length and _is_readable(parser, chunk.kind, data):
            continue
        profile = profile or (_inflated(data) if chunk.kind == b"iCCP" else None)
        kept.append((here, chunk.start - 8))
        here = chunk.start + chunk.length + 4
    if not kept:
        return file, None
    kept.append((here, max(here, file.seek(0, os.SEEK_END))))
    return cast(IO[bytes], _Spliced(file, kept)), profile


class _Spliced:
    """Parts of an open file, each from and up to an offset, read as one."""

    def __init__(self, file: IO[bytes], parts: Sequence[tuple[int, int]]) -> None:
        self._file, self._parts, self._at = file, parts, 0
        self._size = sum(end - start for start, end in parts)

    def __getattr__(self, name: str) -> Any:
        """All else is the file's, but what would lead past this view."""
        if name in ("fileno", "getvalue", "readline", "readinto"):
            raise AttributeError(name)
        return getattr(self._file, name)

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go on from elsewhere."""
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        left, at, found = (self._size if size < 0 else size), self._at, list[bytes]()
        for start, end in self._parts:
            if at < end - start and left > 0:
                self._file.seek(start + at)
                found.append(self._file.read(min(left, end - start - at)))
                left, at = left - len(found[-1]), at + len(found[-1])
            at -= end - start
        data = b"".join(found)
        self._at += len(data)
        return data


def _is_readable(parser: PngImagePlugin.PngStream, kind: bytes, data: bytes) -> bool:
    if kind in _TEXTS and parser.text_memory > MOST_TEXT:
        return False
    parser.fp = io.BytesIO(data)
    try:
        parser.call(kind, 0, len(data))
    except Exception:  # whatever it raises, it would raise at the whole picture
        return False
    return True


def _inflated(data: bytes) -> bytes | None:
    """The profile in an iCCP chunk; None if it is broken or over LONGEST_PROFILE."""
    name, _, rest = data.partition(b"\0")
    if len(name) > 79 or rest[:1] != b"\0":
        return None
    try:
        inflate = zlib.decompressobj()
        profile = inflate.decompress(rest[1:], LONGEST_PROFILE)
    except zlib.error:
        return None
    return profile if inflate.eof and profile[36:40] == b"acsp" else None
