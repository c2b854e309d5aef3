"""Margins of photographs of artworks: the white that museums put around a painting, and its frame."""

from __future__ import annotations

from core.image import U8

WHITE = 250
"""Grey level from which a margin is cut off."""


def unframed(rgb: U8, share: float) -> U8:
    """The picture (h, w, 3) without a `share` of its height above and below, and of its width on either side."""
    height, width = rgb.shape[:2]
    top, left = int(share * height), int(share * width)
    return rgb[top : height - top, left : width - left]


def trimmed(rgb: U8) -> U8:
    """The picture (h, w, 3) without rows and columns at its edges that are white; a white picture stays as it is."""
    rows, columns = within_margins(rgb)
    return rgb[rows, columns]


def within_margins(rgb: U8) -> tuple[slice, slice]:
    """The rows and columns that `trimmed` keeps."""
    dark = (rgb < WHITE).any(axis=2)
    rows, columns = dark.mean(axis=1) > 0.02, dark.mean(axis=0) > 0.02
    if not rows.any() or not columns.any():
        return slice(0, len(rows)), slice(0, len(columns))
    top, left = int(rows.argmax()), int(columns.argmax())
    bottom, right = len(rows) - int(rows[::-1].argmax()), len(columns) - int(columns[::-1].argmax())
    return slice(top, bottom), slice(left, right)
