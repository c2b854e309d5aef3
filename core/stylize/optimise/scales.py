"""Coarse to fine: the sizes at which a picture is optimised, each smaller than the next by one ratio."""

from __future__ import annotations

from torch import Tensor

from core.config.recipe import Recipe
from core.stylize.images.pixels import resized


def levels(recipe: Recipe, height: int, width: int) -> range:
    """Levels at which to optimise a picture of this size, coarsest first, 0 (full size) last."""
    return range(recipe.coarser(min(recipe.size, max(height, width))), -1, -1)


def level_size(recipe: Recipe, level: int, height: int, width: int) -> tuple[int, int]:
    """Height and width at a level of a picture of this size, at least 1x1."""
    down, across = (max(1, round(side / recipe.scale_ratio**level)) for side in (height, width))
    return down, across


def shrunk(picture: Tensor, recipe: Recipe, level: int) -> Tensor:
    """The picture (3, h, w) at the size of a level, at least 1x1, values in [0, 1]."""
    if level == 0:
        return picture
    return resized(picture, level_size(recipe, level, picture.shape[1], picture.shape[2])).clamp(0, 1)
