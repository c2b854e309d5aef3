"""Mirror symmetry: correlation of a picture's lightness with its mirror image, and the best axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.images.lab_view import LabView
from core.images.pixel_types import Plane

FLAT = 0.004
"""Spread of L*/100 below which a picture is flat: it is like any mirror image."""


@dataclass(frozen=True)
class Symmetry:
    """Correlation of a picture's lightness with its mirror image, -1..1, and where the best axis lies, in its width."""

    left_right: float
    axis: float
    top_bottom: float


def symmetry(view: LabView) -> Symmetry | None:
    """How like its mirror image the picture is; None for a flat one."""
    light = np.where(view.shown, view.lightness, 1.0)
    small = ndimage.gaussian_filter(light, 2.0)
    if min(small.shape) >= 64:
        small = small[::2, ::2]  # nothing finer is left
    if float(small.std()) < FLAT:
        return None
    width = small.shape[1]
    axes = range(max(1, round(0.35 * width)), min(width - 1, round(0.65 * width)) + 1) if width > 3 else [width // 2]
    found = [(_mirrored(small, axis), axis) for axis in axes]
    best, axis = max(found) if found else (_mirrored(small, max(1, width // 2)), width // 2)
    return Symmetry(best, axis / width, _mirrored(small.T, max(1, small.shape[0] // 2)))


def _mirrored(light: Plane, axis: int) -> float:
    """Correlation of what lies left of a column with the mirror image of what lies right of it."""
    reach = min(axis, light.shape[1] - axis)
    left, right = light[:, axis - reach : axis], light[:, axis : axis + reach][:, ::-1]
    if not left.size or min(float(left.std()), float(right.std())) < 1e-6:
        return 0.0
    return float(np.corrcoef(left.ravel(), right.ravel())[0, 1])
