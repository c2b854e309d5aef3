"""Paintings as museums photograph them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]


def noise(height: int, width: int, seed: int = 0) -> Rgb:
    """Soft noise."""
    coarse = np.random.default_rng(seed).integers(90, 170, (12, 15, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def in_a_frame(painting: Rgb, width: int, grey: int = 230) -> Rgb:
    """A painting in a bright frame, whose inner half is darker, before a white wall."""
    framed = np.pad(painting, ((width // 2,) * 2, (width // 2,) * 2, (0, 0)), constant_values=20)
    framed = np.pad(framed, ((width // 2,) * 2, (width // 2,) * 2, (0, 0)), constant_values=grey)
    return np.pad(framed, ((30, 30), (40, 40), (0, 0)), constant_values=255)
