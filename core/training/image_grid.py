"""Grids of sample pictures as PNG, and a training's grids one after the other as a time-lapse (animated WebP)."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

U8 = NDArray[np.uint8]

WIDEST = 1024
"""Side in pixels that a grid of small pictures is enlarged to, by whole factors."""
FRAME_MS, LAST_MS = 150, 2_000
LONGEST_TIMELAPSE = 120
"""Frames; a longer training is thinned."""


def grid(pictures: U8, columns: int | None = None) -> U8:
    """Pictures (n, h, w, 3) side by side from the top left, on white where one is missing; by default in a square."""
    count, height, width = pictures.shape[:3]
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * columns, height, width, 3), 255, np.uint8)
    sheet[:count] = pictures
    laid = sheet.reshape(rows, columns, height, width, 3).transpose(0, 2, 1, 3, 4)
    return laid.reshape(rows * height, columns * width, 3)


def grid_png(pictures: U8, columns: int | None = None) -> bytes:
    """The grid as PNG, small pictures enlarged so that they can be seen."""
    sheet = Image.fromarray(grid(pictures, columns))
    factor = max(1, WIDEST // max(sheet.size))
    sink = io.BytesIO()
    sheet.resize((sheet.width * factor, sheet.height * factor), Image.Resampling.NEAREST).save(sink, "PNG")
    return sink.getvalue()


def timelapse(grids: Sequence[bytes]) -> bytes:
    """Grids, PNG each, one after the other as an animated WebP; the last one stays."""
    step = max(1, math.ceil(len(grids) / LONGEST_TIMELAPSE))
    chosen = [*grids[:-1:step], grids[-1]]
    frames = [Image.open(io.BytesIO(png)).convert("RGB") for png in chosen]
    sink = io.BytesIO()
    times = [FRAME_MS] * (len(frames) - 1) + [LAST_MS]
    frames[0].save(sink, "WEBP", save_all=True, append_images=frames[1:], duration=times, loop=0, quality=80, method=2)
    return sink.getvalue()
