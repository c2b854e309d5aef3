"""Encode frames as one animated file."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from core.images.formats import ANIMATED
from core.images.pixel_types import U8

FRAME_MS = 50
"""Milliseconds that a frame is shown: GIF counts in hundredths of a second, and browsers slow down shorter ones."""


def animation(
    frames: Sequence[U8] | U8, suffix: str, milliseconds: int = FRAME_MS, hold: tuple[int, int] = (0, 0)
) -> bytes:
    """Encode frames (height, width, 3) as a GIF (256 colours each) or another animated file that repeats for ever.

    `suffix` is one of ANIMATED. The first and the last frame are shown `hold` milliseconds longer than the others.
    """
    images = [Image.fromarray(frame) for frame in frames]
    times = [milliseconds] * len(images)
    times[0] += hold[0]
    times[-1] += hold[1]
    options = {"save_all": True, "append_images": images[1:], "duration": times, "loop": 0}
    buffer = io.BytesIO()
    row = ANIMATED[suffix]
    images[0].save(buffer, row.pillow, **options, **(row.animation or {}))
    return buffer.getvalue()
