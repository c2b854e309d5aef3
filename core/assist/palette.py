"""A picture's palette: a few colours in CIELAB, as many as the picture has, each with its share and its name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, lab2rgb
from sklearn.cluster import KMeans

from core.assist.colour_names import name_of
from core.images.lab_view import Colours, LabView

MOST = 8
"""Colours in a palette at most."""
SAMPLED = 6000
"""Pixels that the colours are found on."""
ALIKE = 9.0
"""CIEDE2000 below which two colours are one."""
LEAST = 0.004
"""Share below which a colour is left to its nearest neighbour."""


@dataclass(frozen=True)
class Swatch:
    """One colour of a palette. `lab` is CIELAB, `rgb` sRGB of 8 bits, `share` of the pixels that count, in 0..1."""

    lab: tuple[float, float, float]
    rgb: tuple[int, int, int]
    share: float
    name: str

    @property
    def hex(self) -> str:
        """As in CSS: `#1a2b3c`."""
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)


def palette(view: LabView) -> tuple[Swatch, ...]:
    """One to MOST colours, the largest share first.

    k-means in CIELAB on seeded pixels; then colours that are alike are joined, nearest first, so that the picture says how
    many there are. The same for the same pixels.
    """
    colours = _sampled(view.colours)
    centres, shares = _clustered(colours)
    centres, shares = _joined(centres, shares)
    order = np.argsort(-shares, kind="stable")
    return tuple(_swatch(centres[k], float(shares[k])) for k in order)


def distance(one: tuple[Swatch, ...], other: tuple[Swatch, ...]) -> float:
    """How far apart palettes are: the mean CIEDE2000 from each colour to the other's nearest, by share, both ways."""
    a, b = (np.array([swatch.lab for swatch in each]) for each in (one, other))
    apart = deltaE_ciede2000(a[:, None], b[None, :])  # type: ignore[no-untyped-call]
    there = float(np.dot([swatch.share for swatch in one], apart.min(1)))
    back = float(np.dot([swatch.share for swatch in other], apart.min(0)))
    return (there + back) / 2


def _sampled(colours: Colours) -> Colours:
    if len(colours) <= SAMPLED:
        return colours
    return colours[np.random.default_rng(0).choice(len(colours), SAMPLED, replace=False)]


def _clustered(colours: Colours) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres (k, 3) and their shares (k,)."""
    distinct = np.unique(colours.round(1), axis=0)
    count = min(MOST, len(distinct))
    found = KMeans(count, n_init=1, random_state=0, max_iter=60).fit(colours.astype(np.float64))
    labels: Int[NDArray[np.int32], " n"] = found.labels_
    shares = np.bincount(labels, minlength=count) / len(labels)
    kept = shares > 0
    return found.cluster_centers_[kept], shares[kept]


def _joined(
    centres: Float[NDArray[np.float64], "k 3"], shares: Float[NDArray[np.float64], " k"]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The centres without those that are alike or too rare."""
    while len(centres) > 1:
        apart = deltaE_ciede2000(centres[:, None], centres[None, :])  # type: ignore[no-untyped-call]
        np.fill_diagonal(apart, np.inf)
        rare = shares < LEAST
        apart[rare] = np.where(np.isinf(apart[rare]), np.inf, apart[rare] / 1e3)
        one, other = np.unravel_index(int(apart.argmin()), apart.shape)
        if apart[one, other] >= ALIKE:
            break
        total = shares[one] + shares[other]
        joined = (shares[one] * centres[one] + shares[other] * centres[other]) / total
        kept = [k for k in range(len(centres)) if k not in (one, other)]
        centres, shares = np.vstack([centres[kept], joined]), np.append(shares[kept], total)
    return centres, shares


def _swatch(lab: NDArray[np.float64], share: float) -> Swatch:
    red, green, blue = (int(value) for value in (lab2rgb(lab[None, None])[0, 0].clip(0, 1) * 255).round())
    lightness, a, b = (float(value) for value in lab)
    return Swatch((lightness, a, b), (red, green, blue), share, name_of(lightness, a, b))
