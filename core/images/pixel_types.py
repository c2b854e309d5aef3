"""Array types of pixels: 8 and 16 bits a channel, and planes of floating-point values."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
Pixels = U8 | U16
"""Samples of 8 or of 16 bits."""

Samples = TypeVar("Samples", U8, U16)
"""The same where what goes in and what comes out are of one depth."""

Plane = Float[NDArray[np.float32], "h w"]
"""One value a pixel."""

RgbPictures = NDArray[np.uint8]
"""8-bit sRGB pictures of one size, (n, height, width, 3)."""
