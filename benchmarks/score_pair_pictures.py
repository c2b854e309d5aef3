"""Pictures of obvious rank for `score_pairs`: cuts of packaged photographs, painted well, hardly, not at all, or spoilt.

What is cut, in which style it is painted, and how the result is spoilt hangs on one seed alone.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from skimage.data import stereo_motorcycle
from sklearn.datasets import load_sample_image

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.networks.backbone import Backbone
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from fast_network import CPU, SHIPPED, artworks, measured
from style_pairs import STYLES, Rgb, as_tensor, fitted, load, photograph, save

SIDE = 144
"""Longest side of every picture, pixels."""

SETTING = ("astronaut", "chelsea", "coffee", "rocket"), ("starry_night", "the_scream", "wave")
HELD_OUT = (
    ("china", "flower", "camera", "motorcycle"),
    ("starry_night", "the_scream", "wave", "shipwreck", "woman_with_a_hat"),
)
"""Photographs and artworks that the score was set on, and those of the benchmark, whose photographs are all others. The
drawn styles are left out: at this size their tiles and dots leave nothing of a photograph.
"""

OPTIMISED = 3
"""Every so-manieth good transfer is optimised; the others are painted by the shipped network."""

GOOD = PRESETS["good"].changed({"size": SIDE, "steps": 24, "coarse_steps": 24, "precision": "float32"})
FEW = PRESETS["gatys"].changed({"size": SIDE, "steps": 5})


@dataclass(frozen=True)
class Case:
    """One asset in one style, its good transfer, and what is worse, by how it was made."""

    name: str
    asset: Rgb
    style: Rgb
    good: Rgb
    few: Rgb
    noise: Rgb
    blurred: Rgb
    jpeg: Rgb


class Maker:
    """Makes cases, or finds their transfers in the cache."""

    def __init__(self, cache_to: Path, held_out: bool) -> None:
        self._cache, self._names = cache_to, HELD_OUT if held_out else SETTING
        self._network = measured(SHIPPED)
        self._backbones: dict[str, Backbone] = {}

    def case(self, seed: int, number: int) -> Case:
        """The case of a number: the same for the same seed."""
        rng = np.random.default_rng([seed, number])
        photographs, paintings = self._names
        of, style = photographs[number % len(photographs)], paintings[int(rng.integers(len(paintings)))]
        asset = cut(original(of), rng)
        artwork = fitted(Image.open(STYLES / f"{style}.jpg").convert("RGB"), SIDE)
        name = f"{seed}-{number}-{of}-{style}-{self._network.about['network']}"
        good = self._kept(f"{name}-good", lambda: self._good(asset, artwork, style, number))
        few = self._kept(f"{name}-few", lambda: self._optimised(asset, artwork, FEW))
        noise = rng.integers(0, 256, asset.shape, dtype=np.uint8)
        return Case(name, asset, artwork, good, few, noise, blurred(good, rng.uniform(1.5, 3.0)), jpeg(good))

    def _good(self, asset: Rgb, artwork: Rgb, style: str, number: int) -> Rgb:
        if number % OPTIMISED == 0:
            return self._optimised(asset, artwork, GOOD)
        known, _ = artworks(SHIPPED, STYLES)[style]
        return self._network.paint(asset, self._network.model.embeddings[known : known + 1])

    def _optimised(self, asset: Rgb, artwork: Rgb, recipe: Recipe) -> Rgb:
        backbone = self._backbones.setdefault(recipe.digest(), for_recipe(recipe, CPU))
        targets = style_targets([as_tensor(artwork)], [1.0], recipe, backbone)
        made = stylise(as_tensor(asset), targets, recipe, 0, backbone).image
        pixels: Rgb = (made * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
        return pixels

    def _kept(self, name: str, make: Callable[[], Rgb]) -> Rgb:
        path = self._cache / f"{name}.png"
        if not path.exists():
            save(make(), path)
        return load(path)


@cache
def original(name: str) -> Image.Image:
    """A packaged photograph by its name, as RGB."""
    if name in ("china", "flower"):
        return Image.fromarray(load_sample_image(f"{name}.jpg"))
    if name == "motorcycle":
        return Image.fromarray(stereo_motorcycle()[0])
    return photograph(name).convert("RGB")


def cut(picture: Image.Image, rng: np.random.Generator) -> Rgb:
    """A part of a picture, of a third of it or more and any aspect up to 3:2, with the longest side SIDE."""
    aspect, share = rng.uniform(0.67, 1.5), rng.uniform(0.6, 1.0)
    width = share * min(picture.width, picture.height * aspect)
    height = width / aspect
    left, top = rng.uniform(0, picture.width - width), rng.uniform(0, picture.height - height)
    return fitted(picture.crop((round(left), round(top), round(left + width), round(top + height))), SIDE)


def blurred(rgb: Rgb, radius: float) -> Rgb:
    """A picture under a Gaussian of this many pixels."""
    return np.asarray(Image.fromarray(rgb).filter(ImageFilter.GaussianBlur(radius)))


def jpeg(rgb: Rgb, quality: int = 5) -> Rgb:
    """A picture as a JPEG of this quality shows it."""
    sink = io.BytesIO()
    Image.fromarray(rgb).save(sink, "JPEG", quality=quality)
    return np.asarray(Image.open(sink).convert("RGB"))
