"""Real pictures for tests: tiles of the photographs that scikit-image and scikit-learn carry, none in two sets."""

from __future__ import annotations

import functools
import io

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

from core.images.pixel_types import RgbPictures

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "immunohistochemistry")
TILE = 128


@functools.cache
def tiles(side: int = 64) -> tuple[RgbPictures, RgbPictures]:
    """Training and held-out pictures (n, side, side, 3): every fourth tile is held out."""
    pictures = [getattr(data, name)() for name in NAMES] + [
        load_sample_image(name) for name in ("china.jpg", "flower.jpg")
    ]
    found = [tile for picture in pictures for tile in _cut(picture, side)]
    held_out = np.arange(len(found)) % 4 == 3
    return np.stack(found)[~held_out], np.stack(found)[held_out]


def _cut(picture: RgbPictures, side: int) -> list[RgbPictures]:
    """Up to 16 tiles, a tile's width apart; plain ones (blurred ground) are left out."""
    height, width = (length // TILE for length in picture.shape[:2])
    corners = [(TILE * top, TILE * left) for top in range(height) for left in range(width)]
    cut = [picture[top : top + TILE, left : left + TILE] for top, left in corners]
    lively = [tile for tile in cut if tile.std() > 35]
    return [resized_to(tile, side) for tile in lively[:: max(1, len(lively) // 16)]]


def resized_to(picture: RgbPictures, side: int, box: tuple[float, float, float, float] | None = None) -> RgbPictures:
    """A picture, or a box of it, as a square."""
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC, box=box))


def jpeg(picture: RgbPictures, quality: int) -> RgbPictures:
    """The picture after a JPEG's losses."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
