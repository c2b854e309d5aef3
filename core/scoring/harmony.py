"""Colour harmony: which of Matsuda's templates the hues of a picture fit, and how far they are from it.

Cohen-Or, Sorkine, Gal, Leyvand & Xu 2006, "Color Harmonization" (ACM TOG 25(3)), section 3: templates of one or two
sectors on the hue wheel of HSV; the distance of a picture is the sum over pixels of saturation times the arc to the
nearest sector, least over rotations of the template.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from skimage.color import rgb2hsv

from core.images.lab_view import LabView

TEMPLATES: dict[str, tuple[tuple[float, float], ...]] = {
    "i": ((0, 18),),
    "V": ((0, 93.6),),
    "L": ((0, 18), (90, 79.2)),
    "J": ((0, 18), (270, 79.2)),
    "I": ((0, 18), (180, 18)),
    "T": ((90, 180),),
    "Y": ((0, 93.6), (180, 18)),
    "X": ((0, 93.6), (180, 93.6)),
}
"""Sectors as centre and width in degrees; J is L mirrored."""

MEANING = {
    "i": "one hue",
    "V": "neighbouring hues",
    "L": "one hue, and a range a quarter turn away",
    "J": "one hue, and a range a quarter turn away",
    "I": "two opposite hues",
    "T": "half of the wheel",
    "Y": "neighbouring hues, and an opposite accent",
    "X": "two opposite ranges",
}

COLOURLESS = 0.04
"""Mean saturation below which a picture has no hues to judge."""

SAMPLED = 10_000
"""Pixels, evenly spread, that are looked at."""

CLOSE = 5.0
"""Mean arc in degrees up to which hues fit a template."""


@dataclass(frozen=True)
class Harmony:
    """The narrowest template that a picture fits within CLOSE; if it fits none, that with the least discord.

    `rotation` in degrees of the hue wheel of HSV. `distance`: mean arc in degrees from hues to the template, by saturation
    (0: all within). `discord`: that over what an even spread of all hues would have, since wide templates are always
    nearer: 0 is harmonious, 1 as if by chance.
    """

    template: str
    rotation: float
    distance: float
    discord: float

    @property
    def meaning(self) -> str:
        """The template in words."""
        return MEANING[self.template]


def harmony(view: LabView) -> Harmony | None:
    """The harmony of a picture; None for one without colours, which is neither harmonious nor not."""
    colours = view.picture.rgb[view.shown]
    hsv = rgb2hsv(colours[:: max(1, len(colours) // SAMPLED)])
    saturation = hsv[:, 1] * hsv[:, 2].clip(0, 1) ** 0.5  # nearly black pixels have wild saturations
    if float(saturation.mean()) < COLOURLESS:
        return None
    bins = np.minimum((hsv[:, 0] * 360).astype(int), 359)
    shares = np.bincount(bins, weights=saturation, minlength=360)
    shares = shares / shares.sum()
    found = [_fitted(template, arcs, shares) for template, arcs in _arcs().items()]
    close = [each for each in found if each.distance <= CLOSE]
    if close:
        return min(close, key=lambda each: sum(width for _, width in TEMPLATES[each.template]))
    return min(found, key=lambda each: each.discord)


def _fitted(template: str, arcs: NDArray[np.float64], shares: NDArray[np.float64]) -> Harmony:
    """A template at its best rotation."""
    distances = arcs @ shares
    rotation = int(distances.argmin())
    least = float(distances[rotation])
    return Harmony(template, float(rotation), least, least / float(arcs[0].mean()))


@cache
def _arcs() -> dict[str, Float[NDArray[np.float64], "rotation hue"]]:
    """By template, the arc in degrees from each whole hue to the nearest sector, for each whole rotation."""
    hues, rotations = np.arange(360)[None, :] + 0.5, np.arange(360)[:, None]
    found = {}
    for template, sectors in TEMPLATES.items():
        away = [
            np.maximum(np.abs((hues - rotations - centre + 180) % 360 - 180) - width / 2, 0)
            for centre, width in sectors
        ]
        found[template] = np.min(away, axis=0)
    return found
