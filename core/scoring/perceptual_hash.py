"""Perceptual hash (pHash, 256 bits) of pictures and windows of them, and nearest-neighbour search by Hamming distance.

A hash, the manifest's *fingerprint*, survives noise, recompression, blur and changed colours: the picture as 64 x 64 grey
levels, their discrete cosine transform, and for each of the 16 x 16 lowest frequencies whether it lies above the median.
It is `imagehash.phash(picture, hash_size=16)`; here it is computed for many pictures at once, and also for windows of a
picture, since a hash does not survive a crop: cut by 8 %, paintings differ from themselves by as many bits as from each
other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from core.images.pixel_types import U8, RgbPictures

CANVAS, LOW = 64, 16
"""Side of the grey picture, and how many frequencies a direction are kept."""

BITS = LOW * LOW

CHUNK = 1024
"""Pictures whose fingerprints are held at a time."""

Canvases = npt.NDArray[np.uint8]
"""Grey pictures (n, 64, 64)."""


class Window(NamedTuple):
    """A square part of a picture, as shares of its side."""

    side: float
    left: float
    top: float


class Match(NamedTuple):
    """The nearest of a set of pictures to each of n pictures."""

    bits: npt.NDArray[np.int64]
    """(n,), 0 to 256."""
    indices: npt.NDArray[np.int64]
    """(n,)."""


WHOLE = Window(1.0, 0.0, 0.0)


STEP, SHIFT = 0.04, 0.03
"""How much windows differ in side, and at most in place: a fingerprint is still alike halfway between two."""

LEAST = 0.88
"""Side of the smallest windows: a copy that lost up to 12 % of a side, anywhere, is like one of them."""


def windows(least: float = LEAST) -> list[Window]:
    """Windows of a picture with sides from 1 down to `least`, each side in places from corner to corner.

    >>> len(windows()), len(windows(0.8))
    (51, 164)
    """
    found = []
    for number in range(math.floor((1 - least) / STEP + 1e-6) + 1):
        spare = number * STEP
        steps = math.ceil(spare / SHIFT - 1e-6)
        places = [place * spare / max(steps, 1) for place in range(steps + 1)]
        found += [Window(1 - spare, left, top) for top in places for left in places]
    return found


MIDDLE = Window(0.94, 0.03, 0.03)
"""A picture is looked at whole and without its edges: those of a copy that was shifted are new."""


def grey_canvases(rgb: RgbPictures) -> Canvases:
    """Pictures (n, h, w, 3) as 64 x 64 grey levels, by Lanczos."""
    lanczos = Image.Resampling.LANCZOS
    return np.stack([np.asarray(Image.fromarray(one).convert("L").resize((CANVAS, CANVAS), lanczos)) for one in rgb])


def hashes(pictures: Canvases, window: Window = WHOLE) -> Tensor:
    """Fingerprints of a window of each picture: float32 (n, 256) of -1 and 1, so that two have the product 256 - 2 bits."""
    return _hash_bits(torch.tensor(pictures, dtype=torch.float32), window)


def hex_hash(rgb: U8) -> str:
    """The fingerprint of one picture (h, w, 3) as 64 hex digits."""
    bits = hashes(grey_canvases(rgb[None]))[0].numpy() > 0
    return np.packbits(bits).tobytes().hex()


def nearest(
    pictures: Canvases,
    originals: Canvases,
    through: Sequence[Window],
    own: npt.NDArray[np.int64] | None = None,
) -> Match:
    """For each of `pictures`, whole or without its edges, the one of `originals` whose fingerprint through one of the
    windows differs in the fewest bits.

    own: the place of each picture in `originals`, if it is one of them and shall not be found. At equal bits the first
    original is taken.
    """
    mine = torch.cat([hashes(pictures), hashes(pictures, MIDDLE)])
    best, indices = torch.full((len(pictures),), -BITS - 1.0), torch.zeros(len(pictures), dtype=torch.int64)
    for start in range(0, len(originals), CHUNK):
        part = torch.tensor(originals[start : start + CHUNK], dtype=torch.float32)
        found = torch.full((len(pictures), len(part)), -BITS - 1.0)
        for window in through:
            whole, middle = (mine @ _hash_bits(part, window).T).chunk(2)
            found = torch.maximum(found, torch.maximum(whole, middle))
        if own is not None:
            _exclude_own(found, own - start)
        values, places = found.max(1)
        nearer = values > best
        best, indices = torch.where(nearer, values, best), torch.where(nearer, places + start, indices)
    return Match(((BITS - best) / 2).to(torch.int64).numpy(), indices.numpy())


def _hash_bits(levels: Tensor, window: Window) -> Tensor:
    """Fingerprints of grey levels (n, 64, 64), float32."""
    down, across = _transform(window.top, window.side), _transform(window.left, window.side)
    columns = (levels.reshape(-1, CANVAS) @ across.T).view(len(levels), CANVAS, LOW)
    frequencies = (down @ columns).flatten(1)
    # torch's median is the lower of the two middle ones: what lies above it lies above their mean, too.
    return torch.where(frequencies > frequencies.median(1, keepdim=True).values, 1.0, -1.0)


def _exclude_own(found: Tensor, own: npt.NDArray[np.int64]) -> None:
    rows = np.flatnonzero((own >= 0) & (own < found.shape[1]))
    found[rows, own[rows]] = -BITS - 1.0


def _transform(start: float, side: float) -> Tensor:
    """What gives the lowest frequencies of part of a row of pixels, (16, 64): the part is stretched to 64 pixels first."""
    pixels = np.arange(CANVAS)
    places = np.clip(start * CANVAS + (pixels + 0.5) * side - 0.5, 0, CANVAS - 1)
    stretch = np.maximum(1 - np.abs(places[:, None] - pixels), 0)
    cosines = np.cos(np.pi * np.arange(LOW)[:, None] * (2 * pixels + 1) / (2 * CANVAS))
    return torch.tensor(cosines @ stretch, dtype=torch.float32)
