"""Pictures whose analysis is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.images.image import Picture
from core.images.lab_view import LabView


def shown(rgb: NDArray[np.uint8] | NDArray[np.float64], alpha: NDArray[np.uint8] | None = None) -> LabView:
    return LabView(Picture(np.ascontiguousarray(rgb).astype(np.uint8), alpha))


def flat(*colour: int, height: int = 40, width: int = 60) -> LabView:
    return shown(np.full((height, width, 3), colour))


def halves(one: tuple[int, int, int], other: tuple[int, int, int], share: float = 0.5) -> LabView:
    rgb = np.full((40, 100, 3), other)
    rgb[:, : round(100 * share)] = one
    return shown(rgb)


def stripes(angle: float, side: int = 96, period: float = 9.0) -> LabView:
    """Lines that run at so many degrees from level, anticlockwise."""
    y, x = np.indices((side, side))
    turned = np.radians(angle)
    across = x * np.sin(turned) + y * np.cos(turned)  # y grows downwards
    return shown(np.repeat((128 + 100 * np.sin(2 * np.pi * across / period))[..., None], 3, 2))


ODD = {
    "black": flat(0, 0, 0),
    "white": flat(255, 255, 255),
    "grey": flat(128, 128, 128),
    "one pixel": shown(np.full((1, 1, 3), 200)),
    "a row": shown(np.arange(60).reshape(1, 20, 3)),
    "a column": shown(np.arange(60).reshape(20, 1, 3)),
    "transparent": shown(np.full((20, 20, 3), 255), np.zeros((20, 20), np.uint8)),
    "half transparent": shown(np.full((20, 20, 3), 90), np.repeat([[0] * 10 + [255] * 10], 20, 0).astype(np.uint8)),
    "noise": shown(np.random.default_rng(0).integers(0, 256, (50, 70, 3))),
}
"""What a table must survive."""
