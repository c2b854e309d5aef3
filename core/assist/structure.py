"""Structure of a picture: directions (structure tensor), strokes, texture scale, tones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.cluster import KMeans

from core.images.lab_view import LabView
from core.images.pixel_types import Plane

GRADIENT_SIGMA, TENSOR_SIGMA = 1.0, 3.0
"""Widths in pixels of the Gaussians that gradients are taken with, and that the structure tensor is averaged with."""
FLAT = 0.004
"""Root mean square of the gradient of L*/100 a pixel below which a picture has no directions."""
BINS = 18
"""Ten degrees each."""
TONES = (3, 4, 5)
NEXT_TONE = 0.35
"""Another tone is taken if it lowers the spread within tones by at least this share."""


@dataclass(frozen=True)
class Directions:
    """Where lines and strokes run, in degrees from horizontal, anticlockwise, 0..180.

    `main` is the direction of most of the gradient's energy; `agreement` how much all agree, 0 (none) to 1 (all parallel);
    `coherence` how stroke-like the texture is: (l1 - l2) / (l1 + l2) of the structure tensor's eigenvalues, by energy,
    0..1; `histogram` the share of energy in each of BINS. Bigün & Granlund 1987.
    """

    main: float
    agreement: float
    coherence: float
    histogram: tuple[float, ...]


@dataclass(frozen=True)
class StructureTensor:
    """The structure tensor's parts at every pixel, and its main direction (radians along lines) and coherence."""

    energy: Plane
    angle: Plane
    coherence: Plane


@dataclass(frozen=True)
class Tones:
    """The tonal plan: L* of each tone, dark to light, its share, and which tone each pixel has."""

    levels: tuple[float, ...]
    shares: tuple[float, ...]
    plan: Int[NDArray[np.uint8], "h w"]


def structure_tensor(view: LabView) -> StructureTensor:
    """The smoothed products of L*'s gradient."""
    light = view.lightness
    across, down = (ndimage.gaussian_filter(light, GRADIENT_SIGMA, order=order) for order in ((0, 1), (1, 0)))
    xx, yy, xy = (ndimage.gaussian_filter(each, TENSOR_SIGMA) for each in (across**2, down**2, across * down))
    shown = view.shown
    energy = np.where(shown, xx + yy, 0)
    apart = np.hypot(xx - yy, 2 * xy)
    # y grows downwards, so the sign of the angle is turned; lines run at a right angle to the gradient
    angle = (np.pi / 2 - 0.5 * np.arctan2(2 * xy, xx - yy)) % np.pi
    return StructureTensor(energy, angle, np.where(xx + yy > FLAT**2, apart / (xx + yy + 1e-12), 0))


def directions(tensor: StructureTensor) -> Directions | None:
    """The directions of a picture; None for one that is flat."""
    total = float(tensor.energy.sum())
    if total / tensor.energy.size < FLAT**2:
        return None
    weights = tensor.energy * tensor.coherence
    double = complex((weights * np.exp(2j * tensor.angle)).sum())
    bins = np.minimum((tensor.angle / np.pi * BINS).astype(int), BINS - 1)
    histogram = np.bincount(bins.ravel(), weights=weights.ravel(), minlength=BINS)
    spread = histogram / histogram.sum() if histogram.sum() else np.full(BINS, 1 / BINS)
    return Directions(
        main=float(np.degrees(np.angle(double) / 2) % 180),
        agreement=abs(double) / (float(weights.sum()) or 1.0),
        coherence=float(weights.sum()) / total,
        histogram=tuple(float(share) for share in spread),
    )


def texture_scale(view: LabView) -> float | None:
    """The size of the texture in longest sides: half the mean wave length of L*, by spectral energy. None if flat."""
    light = np.where(view.shown, view.lightness, view.lightness[view.shown].mean())
    light = light - light.mean()
    if float(light.std()) < FLAT:
        return None
    window = np.outer(np.hanning(light.shape[0] + 2)[1:-1], np.hanning(light.shape[1] + 2)[1:-1])
    power = np.abs(np.fft.rfft2(light * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(light.shape[0])[:, None], np.fft.rfftfreq(light.shape[1])[None, :])
    counted = frequency > 0
    mean = float((power * frequency)[counted].sum() / (power[counted].sum() or 1.0))
    return float(0.5 / mean / max(light.shape)) if mean else None


def tones(view: LabView) -> Tones:
    """Three to five tones of L*, or fewer where a picture has fewer: k-means on its histogram."""
    light = view.colours[:, 0]
    levels, counts = np.unique(light.round(), return_counts=True)
    centres = levels[:1].astype(np.float64)
    if len(levels) > 1:
        spread = np.inf
        for count in (each for each in TONES if each <= max(TONES[0], len(levels))):
            found = KMeans(min(count, len(levels)), n_init=2, random_state=0).fit(levels[:, None], sample_weight=counts)
            if found.inertia_ > (1 - NEXT_TONE) * spread:
                break
            spread, centres = float(found.inertia_), np.sort(found.cluster_centers_.ravel())
    borders = (centres[1:] + centres[:-1]) / 2
    plan = np.searchsorted(borders, view.lab[..., 0]).astype(np.uint8)
    shares = np.bincount(plan[view.shown], minlength=len(centres)) / view.shown.sum()
    return Tones(tuple(map(float, centres)), tuple(map(float, shares)), plan)
