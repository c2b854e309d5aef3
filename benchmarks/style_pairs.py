"""Pictures that the benchmarks of style transfer work on: photographs of scikit-image x the paintings in data/styles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage import data
from torch import Tensor

from core.images.image import Picture
from core.stylize.images.pixels import tensor

Rgb = npt.NDArray[np.uint8]
"""A picture (h, w, 3), 8-bit."""

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee")
PAINTINGS = ("starry_night", "the_scream", "wave")
STYLES = Path(__file__).parents[1] / "data" / "styles"


@dataclass(frozen=True)
class Pair:
    """A photograph and a painting, each with its longest side `size` pixels."""

    photograph: str
    painting: str
    size: int

    @property
    def name(self) -> str:
        """What rows and files call it."""
        return f"{self.photograph}-{self.painting}-{self.size}"

    @property
    def content(self) -> Rgb:
        """The photograph."""
        return fitted(photograph(self.photograph), self.size)

    @property
    def style(self) -> Rgb:
        """The painting."""
        return fitted(painting(self.painting), self.size)

    @property
    def tensors(self) -> tuple[Tensor, Tensor]:
        """Photograph and painting as (3, h, w), RGB in [0, 1]."""
        return as_tensor(self.content), as_tensor(self.style)

    @property
    def digest(self) -> str:
        """A hash of all their pixels."""
        return hashlib.sha256(self.content.tobytes() + self.style.tobytes()).hexdigest()[:16]


def all_pairs(size: int) -> list[Pair]:
    """Every photograph with every painting."""
    return [Pair(photograph, painting, size) for photograph in PHOTOGRAPHS for painting in PAINTINGS]


def matched_pairs(size: int) -> list[Pair]:
    """Every photograph with one painting of its own."""
    return [Pair(*names, size) for names in zip(PHOTOGRAPHS, PAINTINGS, strict=True)]


@cache
def photograph(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)())


@cache
def painting(name: str) -> Image.Image:
    return Image.open(STYLES / f"{name}.jpg").convert("RGB")


def fitted(picture: Image.Image, longest: int) -> Rgb:
    """The picture with this longest side, enlarged if it must be."""
    scale = longest / max(picture.size)
    sides = tuple(max(1, round(side * scale)) for side in picture.size)
    return np.asarray(picture.resize((sides[0], sides[1]), Image.Resampling.LANCZOS)).copy()


def as_tensor(rgb: Rgb) -> Tensor:
    """A picture as the engine sees it, (3, h, w), RGB in [0, 1]."""
    return tensor(Picture(rgb))


def save(rgb: Rgb, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    Image.fromarray(rgb).save(unfinished, "PNG")
    unfinished.replace(path)


def load(path: Path) -> Rgb:
    """Read a picture that was saved."""
    return np.asarray(Image.open(path).convert("RGB")).copy()


def side_by_side(pictures: Sequence[Rgb]) -> Rgb:
    """Pictures of one height in a row."""
    return np.concatenate(pictures, 1)
