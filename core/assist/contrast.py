"""Contrasts of colour after Itten (1961), warmth and colourfulness: each one number with a stated range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.assist.colour_names import GREY
from core.assist.palette import Swatch
from core.images.lab_view import LabView

WARMEST = 50.0
"""Hue angle in CIELAB of the warmest colour, orange red; the coolest lies opposite, at blue green to blue."""


@dataclass(frozen=True)
class Contrasts:
    """How strong each contrast is, in 0..1; those of hues are None for a picture without colours.

    `light_dark`: L* between the 5th and the 95th percentile over 100. `saturation`: the same of C* over 100, at most 1.
    `complementary`: |mean e^2ih| (1 - |mean e^ih|) over hues h, by chroma: 1 for two opposite hues in balance.
    `warm_cold`: 4 w c of the shares w and c of chroma in warm and in cool hues: 1 in balance. `extent`: how far the
    largest colour is above an even share of the palette.
    """

    light_dark: float
    saturation: float
    complementary: float | None
    warm_cold: float | None
    extent: float


def contrasts(view: LabView, palette: tuple[Swatch, ...]) -> Contrasts:
    """The contrasts of a picture with this palette."""
    low, high = np.percentile(view.colours[:, 0], (5, 95))
    dull, vivid = np.percentile(view.chroma, (5, 95))
    largest, even = palette[0].share, 1 / len(palette)
    extent = (largest - even) / (1 - even) if len(palette) > 1 else 1.0
    complementary, warm_cold = _of_hues(view)
    saturation = min(1.0, float(vivid - dull) / 100)
    return Contrasts(float(high - low) / 100, saturation, complementary, warm_cold, float(max(0.0, extent)))


def _of_hues(view: LabView) -> tuple[float | None, float | None]:
    weights = np.where(view.chroma >= GREY, view.chroma, 0)
    total = float(weights.sum())
    if not total or weights.astype(bool).mean() < 0.01:
        return None, None
    turns = np.exp(1j * np.radians(view.hue))
    once, twice = (abs(complex((weights * turns**n).sum())) / total for n in (1, 2))
    warm = float(weights[np.cos(np.radians(view.hue - WARMEST)) > 0].sum()) / total
    return twice * (1 - once), 4 * warm * (1 - warm)


def warmth(view: LabView) -> float | None:
    """From -1 (all cool) to 1 (all warm): the mean over pixels of cos(hue - WARMEST), by chroma. None without colours."""
    weights = np.where(view.chroma >= GREY, view.chroma, 0)
    if weights.astype(bool).mean() < 0.01:
        return None
    return float((weights * np.cos(np.radians(view.hue - WARMEST))).sum() / weights.sum())


def colourfulness(view: LabView) -> float:
    """M of Hasler & Süsstrunk 2003, equation 3, on 0..255: 0 is grey, 15 slight, 33 moderate, 59 quite, 109 extreme."""
    red, green, blue = (channel[view.shown].astype(np.float64) for channel in np.moveaxis(view.picture.rgb, 2, 0))
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))
