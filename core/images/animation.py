"""Frames as one animated file."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from core.images.pixel_types import U8

SUFFIXES = (".gif", ".webp")
LONGEST_SIDE = {".gif": 65_535, ".webp": 16_383}
"""Pixels that a side may have."""

FRAME_MS = 50
"""Milliseconds that a frame is shown: GIF counts in hundredths of a second, and browsers slow down shorter ones."""


def animation(
    frames: Sequence[U8] | U8, suffix: str, milliseconds: int = FRAME_MS, hold: tuple[int, int] = (0, 0)
) -> bytes:
    """Frames (height, width, 3) as a GIF (256 colours each) or WebP file that repeats for ever.

    `suffix` is one of SUFFIXES. The first and the last frame are shown `hold` milliseconds longer than the others.
    """
    images = [Image.fromarray(frame) for frame in frames]
    times = [milliseconds] * len(images)
    times[0] += hold[0]
    times[-1] += hold[1]
    options = {"save_all": True, "append_images": images[1:], "duration": times, "loop": 0}
    buffer = io.BytesIO()
    if suffix == ".gif":
        images[0].save(buffer, "GIF", **options)
    else:
        images[0].save(buffer, "WEBP", quality=90, **options)
    return buffer.getvalue()
