"""Technical quality: sharpness, noise, blocks, clipping, bands and chessboards, each a number with a range and a unit.

Measured on the picture's own pixels, of a large one on the middle SIDE x SIDE, so that no resizing hides a fault.
Everything is of luma (Rec. 601, 0..255), but for clipping.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from core.images import image
from core.images.pixel_types import Plane

SIDE = 512
"""Pixels a side that are looked at, at most."""
LEAST = 24
"""Pixels a side below which only clipping can be told."""
FLAT_RUN = 4
"""Steps between pixels without change that make a flat area."""
BLOCK = 8
"""Pixels a side of the blocks that a chessboard is looked for in."""
LUMA = np.array((0.299, 0.587, 0.114), np.float32)


@dataclass(frozen=True)
class QualityMeasures:
    """Technical measures; None where a picture is too small, or too flat, to have one.

    | measure | range | what |
    |---|---|---|
    | sharpness | 0..1, above about 0.5 sharp | 1 - the blur effect of Crete et al. 2007 |
    | noise | grey levels of 255, 0 none | Immerkaer 1996 (CVIU 64(2)), by the median |
    | blocking | 0..; seen from about 0.4, JPEG of quality 5 has 2 to 3 | extra steps on an 8-pixel grid over usual ones |
    | clipping | share of pixels, 0..1 | black (all of RGB at most 1) or white (at least 254) |
    | banding | share of pixels, 0..1 | flat areas that end in a step of 2 to 6 levels, with a flat area on its other side |
    | checkerboard | 0..1 | energy that alternates from pixel to pixel, in a regular lattice, over all fine energy |
    """

    sharpness: float | None
    noise: float | None
    blocking: float | None
    clipping: float
    banding: float | None
    checkerboard: float | None


def measure_quality(picture: image.Picture, side: int = SIDE) -> QualityMeasures:
    """The technical quality of a picture of any size, of its middle `side` x `side` pixels at most."""
    rgb = middle(picture.rgb, side)
    red, green, blue = (rgb[..., channel] for channel in range(3))  # many times sooner than all() over three values
    black, white = (red <= 1) & (green <= 1) & (blue <= 1), (red >= 254) & (green >= 254) & (blue >= 254)
    clipped = float((black | white).mean())
    luma = rgb.astype(np.float32) @ LUMA
    if min(luma.shape) < LEAST:
        return QualityMeasures(None, None, None, clipped, None, None)
    flat = float(luma.std()) < 0.5
    return QualityMeasures(
        None if flat else sharpness(luma),
        noise(luma),
        None if flat else blocking(luma),
        clipped,
        banding(luma),
        None if flat else checkerboard(luma),
    )


def middle(rgb: image.U8, side: int = SIDE) -> image.U8:
    """The middle of a picture (h, w, 3), at most `side` pixels a side, beginning on its 8-pixel grid."""
    top, left = (max(0, (length - side) // 2) // 8 * 8 for length in rgb.shape[:2])
    return rgb[top : top + side, left : left + side]


def sharpness(luma: Plane) -> float:
    """1 - blur effect: how much the picture loses by being blurred once more, along the axis where it loses less.

    The measure of skimage.measure.blur_effect, in single precision and with its filters run side by side.
    """
    return min(_kept(luma), _kept(np.ascontiguousarray(luma.T)))


def _kept(luma: Plane) -> float:
    """The share of steps along rows that a mean over 11 pixels takes away."""
    steps, left = (np.abs(_edges(plane)) for plane in (luma, ndimage.uniform_filter1d(luma, 11, axis=1)))
    whole = float(steps.sum())
    return float(np.maximum(steps - left, 0).sum()) / whole if whole else 0.0


def _edges(plane: Plane) -> Plane:
    """Sobel's derivative along rows, without the outermost pixels."""
    step = plane[:, 2:] - plane[:, :-2]
    smooth: Plane = (step[:-2] + 2 * step[1:-1] + step[2:]) / 4
    return smooth


def noise(luma: Plane) -> float:
    """Standard deviation of white noise, in grey levels: the median of |I * N| over 0.6745 x 6, N = Immerkaer's mask."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    found = np.abs(ndimage.convolve(luma, mask)[1:-1, 1:-1])
    return float(np.median(found) / (0.6745 * 6))


def blocking(luma: Plane) -> float:
    """How much larger the steps between pixels are on one phase of an 8-pixel grid than on the others, both ways."""
    found = []
    for plane in (luma, luma.T):
        across = np.abs(np.diff(plane, axis=1))
        # what an edge of the scene brings is the same on both sides of a block's border: it is taken off
        bare = across[:, 1:-1] - (across[:, :-2] + across[:, 2:]) / 2
        usual = float(across.mean()) + 0.25
        phases = [float(bare[:, (phase - 1) % 8 :: 8].mean()) for phase in range(8)]
        best = int(np.argmax(phases))
        others = float(np.mean([value for phase, value in enumerate(phases) if phase != best]))
        found.append((phases[best] - others) / usual)
    return max(0.0, float(np.mean(found)))


def banding(luma: Plane) -> float:
    """Share of pixels that belong to bands: flat for 4 pixels, then a faint step, then flat again."""
    found = np.zeros(luma.shape, bool)
    for plane, into in ((luma, found), (luma.T, found.T)):
        step = np.abs(np.diff(plane, axis=1))
        still = step < 0.6
        runs = np.asarray(sliding_window_view(still, FLAT_RUN, axis=1).all(2))  # [k]: k .. k + FLAT_RUN - 1
        edge = (step >= 1.5) & (step <= 6.5)
        inner = edge[:, FLAT_RUN : -FLAT_RUN or None]
        inner &= runs[:, : inner.shape[1]] & runs[:, FLAT_RUN + 1 :]
        edge[:, :FLAT_RUN] = edge[:, -FLAT_RUN:] = False
        into[:, 1:] |= ndimage.maximum_filter1d(edge.astype(np.uint8), 9, axis=1).astype(bool)
    return float(found.mean())


def checkerboard(luma: Plane) -> float:
    """Share of fine energy that is a regular lattice with a period of 2 pixels along either axis or both.

    Fine energy is that of the picture less its 3x3 mean. Multiplied by (-1)^x, (-1)^y or (-1)^(x + y) a lattice becomes a
    plateau and survives averaging over blocks of 8 pixels; anything else averages out.
    """
    fine: Plane = luma - ndimage.uniform_filter(luma, 3)
    energy = float((fine**2).mean()) + 0.05
    rows, columns = (side // BLOCK for side in fine.shape)
    blocks = fine[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    signs = np.where(np.arange(BLOCK) % 2, -1, 1).astype(np.float32)
    one = np.ones_like(signs)
    total = sum(
        float((np.einsum("rycx,y,x->rc", blocks, down, across, optimize=True) ** 2).mean()) / BLOCK**4
        for down, across in ((one, signs), (signs, one), (signs, signs))
    )
    chance = 3 / BLOCK**2  # what white noise leaves of itself
    return float(np.clip((total / energy - chance) / (1 - chance), 0, 1))
