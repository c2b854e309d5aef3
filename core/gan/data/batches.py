"""Batches of real pictures, each a function of (seed, step, part) and the data alone."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.gan.data.dataset import U8, Dataset
from core.gan.networks.recipe import GanRecipe
from core.networks import seeded_random


class Batches:
    """Deals a data set's pictures, shuffled anew each epoch, cropped and mirrored as the recipe says."""

    def __init__(self, data: Dataset, recipe: GanRecipe) -> None:
        self._pictures, self._recipe = data.pictures, recipe
        labelled = recipe.conditional and data.labels is not None
        self.labels = torch.from_numpy(data.labels) if labelled and data.labels is not None else None

    def real(self, step: int, part: int) -> tuple[Float[Tensor, "batch c size size"], Int[Tensor, " batch"] | None]:
        """The pictures in -1..1 and their classes, if they count, of one pass of step `step` (from 0)."""
        recipe = self._recipe
        first = (step * recipe.accumulate + part) * recipe.batch
        chosen = seeded_random.indices(recipe.seed, first, recipe.batch, len(self._pictures))
        pixels = self._varied(self._pictures[chosen.numpy()], seeded_random.generator(recipe.seed, "crop", step, part))
        return scaled(pixels), None if self.labels is None else self.labels[chosen]

    def _varied(self, pixels: U8, draw: torch.Generator) -> U8:
        recipe, spare = self._recipe, self._pictures.shape[-1] - self._recipe.size
        if not spare and not recipe.mirror:
            return pixels
        count, size = len(pixels), recipe.size
        corners = torch.randint(spare + 1, (count, 2), generator=draw).tolist()
        mirrored = torch.rand(count, generator=draw) < 0.5
        cropped = np.stack([p[:, y : y + size, x : x + size] for p, (y, x) in zip(pixels, corners, strict=True)])
        if recipe.mirror:
            cropped[mirrored.numpy()] = cropped[mirrored.numpy()][..., ::-1]
        return cropped


def scaled(pixels: U8) -> Float[Tensor, "n c h w"]:
    """8-bit pictures (n, c, h, w) as networks see them, in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).float().div_(127.5).sub_(1)


def middle(pixels: U8, size: int) -> U8:
    """The middle squares (n, c, size, size) of pictures that are kept larger for random crops."""
    spare = (pixels.shape[-1] - size) // 2
    return pixels[..., spare : spare + size, spare : spare + size]
