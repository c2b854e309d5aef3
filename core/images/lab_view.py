"""CIELAB values of a picture at analysis size, without its transparent pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from skimage.color import rgb2lab

from core.images import image
from core.images.pixel_types import Plane

LONGEST = 256
"""Longest side in pixels at which colour and structure are looked at."""
OPAQUE = 128
"""Alpha from which a pixel counts."""

Colours = Float[NDArray[np.float32], "n 3"]


@dataclass(frozen=True)
class LabView:
    """A picture of at most LONGEST pixels a side; `shown` says which of its pixels count."""

    picture: image.Picture

    @cached_property
    def shown(self) -> Bool[NDArray[np.bool_], "h w"]:
        """Pixels that are not transparent; all, where there would be none."""
        alpha = self.picture.alpha
        opaque = np.ones(self.picture.rgb.shape[:2], bool) if alpha is None else alpha >= OPAQUE
        return opaque if opaque.any() else np.ones_like(opaque)

    @cached_property
    def is_blank(self) -> bool:
        """Whether every pixel is transparent."""
        return self.picture.alpha is not None and not bool((self.picture.alpha >= OPAQUE).any())

    @cached_property
    def lab(self) -> Float[NDArray[np.float32], "h w 3"]:
        """CIELAB under D65: L* in 0..100, a* and b* about -100..100."""
        return np.asarray(rgb2lab(self.picture.rgb), np.float32)

    @cached_property
    def lightness(self) -> Plane:
        """L* in 0..1."""
        return np.asarray(self.lab[..., 0] / 100, np.float32)

    @cached_property
    def colours(self) -> Colours:
        """CIELAB of the pixels that count."""
        return self.lab[self.shown]

    @cached_property
    def chroma(self) -> NDArray[np.float32]:
        """C* of the pixels that count, (n,)."""
        return np.asarray(np.hypot(self.colours[:, 1], self.colours[:, 2]), np.float32)

    @cached_property
    def hue(self) -> NDArray[np.float32]:
        """CIELAB hue angle of the pixels that count, (n,), degrees in 0..360; it means nothing where chroma is small."""
        return (np.degrees(np.arctan2(self.colours[:, 2], self.colours[:, 1])) % 360).astype(np.float32)


def lab_view(picture: image.Picture) -> LabView:
    """The picture at analysis size."""
    return LabView(image.resized(picture, LONGEST))
