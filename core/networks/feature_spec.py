"""Name, length and source maps of a picture's features; needs no torch."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

DIMS = 1280
"""Length of a picture's features."""

SIDES = (224, 320)
"""Sides in pixels of the squares that are seen: the one that the network learned on, and one for what is small."""

MAPS = (
    "stem",
    "block2",
    "block4",
    "block7",
    "block10",
    "expand11",
    "expand13",
    "expand15",
    "block14",
    "block15",
)
"""Maps whose means wide features have: from colour and strokes to parts of things."""

WIDE_DIMS = 3 * DIMS + 3776
"""Length of wide features; the first DIMS of them are the features."""

NAME = "efficientnet-lite0 pooled, margins off, 224+320 px, mirrored"
"""What the features are: they are comparable with features of the same name alone."""

WIDE_NAME = f"{NAME}; 320 px: peaks, spread and means of {len(MAPS)} maps"
"""The same of wide features."""

Vector = Float[NDArray[np.float32], " 1280"]
Wide = Float[NDArray[np.float32], " 7616"]
