"""Crop white margins and picture frames from photographs of artworks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.images.image import U8

WHITE = 250
"""Grey level from which a margin is cut off."""
ANALYSIS_SIDE = 400
"""Longest side in pixels at which frames are looked for."""
SHORTEST_SIDE = 64
"""Shortest side in pixels of a picture in which a frame is looked for."""
FRAME_ZONE = 0.18
"""Share of a side within which the edge of a frame may lie."""
STEP, AGREED = 10.0, 0.8
"""Grey levels between the two sides of an edge, and the share of its length over which they go the same way."""


def edges_cropped(rgb: U8, share: float) -> U8:
    """The picture (h, w, 3) without a `share` of its height above and below, and of its width on either side."""
    height, width = rgb.shape[:2]
    top, left = int(share * height), int(share * width)
    return rgb[top : height - top, left : width - left]


def frame_cropped(rgb: U8) -> U8:
    """The picture (h, w, 3) within its frame, if there is one: on all four sides the innermost straight edge that runs along
    the whole side. A picture that lacks one on any side stays as it is, such as one with a horizon alone.
    """
    if min(rgb.shape[:2]) < SHORTEST_SIDE:
        return rgb
    scale = ANALYSIS_SIDE / max(rgb.shape[:2])
    height, width = (max(8, round(side * scale)) for side in rgb.shape[:2])
    grey = Image.fromarray(np.ascontiguousarray(rgb)).convert("L").resize((width, height), Image.Resampling.BOX)
    luma = np.asarray(grey, dtype=np.float32)
    rows, columns = _within_edges(luma, rgb.shape[0]), _within_edges(luma.T, rgb.shape[1])
    return rgb if rows is None or columns is None else rgb[rows, columns]


def _within_edges(luma: NDArray[np.float32], length: int) -> slice | None:
    """What lies between the innermost edges above and below, as rows of the picture, which has `length` of them."""
    rows, width = luma.shape
    middle = luma[:, width // 8 : width - width // 8]
    steps = middle[2:] - middle[:-2]
    usual = np.median(steps, axis=1, keepdims=True)
    alike = (np.sign(steps) == np.sign(usual)).mean(1)
    edges = np.flatnonzero((np.abs(usual[:, 0]) > STEP) & (alike > AGREED))
    reach = int(FRAME_ZONE * rows)
    # A step is from its row to the second after it; a further row on either side may be a blurred part of the edge.
    above, below = edges[edges < reach], edges[edges >= rows - 2 - reach]
    if not len(above) or not len(below):
        return None
    return slice(round((above.max() + 3) / rows * length), round((below.min() - 1) / rows * length))


def artwork_cropped(rgb: U8) -> U8:
    """The picture (h, w, 3) without its white margin and its frame."""
    return frame_cropped(margins_cropped(rgb))


def margins_cropped(rgb: U8) -> U8:
    """The picture (h, w, 3) without rows and columns at its edges that are white; a white picture stays as it is."""
    rows, columns = content_bounds(rgb)
    return rgb[rows, columns]


def content_bounds(rgb: U8) -> tuple[slice, slice]:
    """The rows and columns that `margins_cropped` keeps: those within the white margins."""
    dark = (rgb < WHITE).any(axis=2)
    rows, columns = dark.mean(axis=1) > 0.02, dark.mean(axis=0) > 0.02
    if not rows.any() or not columns.any():
        return slice(0, len(rows)), slice(0, len(columns))
    top, left = int(rows.argmax()), int(columns.argmax())
    bottom, right = len(rows) - int(rows[::-1].argmax()), len(columns) - int(columns[::-1].argmax())
    return slice(top, bottom), slice(left, right)
