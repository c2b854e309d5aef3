"""Coarse to fine: the sizes at which a picture is optimised, each smaller than the next by one ratio."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from core.config.recipe import Recipe
from core.stylize.images.pixels import resized

CUDA_MOST_TIMES = 32
"""Times that CUDA shrinks a side at once: at 64, the weights of bicubic antialiasing take 66,820 of 49,152 bytes."""


def levels(recipe: Recipe, height: int, width: int) -> range:
    """Levels at which to optimise a picture of this size, coarsest first, 0 (full size) last."""
    return range(recipe.coarser(min(recipe.size, max(height, width))), -1, -1)


def level_size(recipe: Recipe, level: int, height: int, width: int) -> tuple[int, int]:
    """Height and width at a level of a picture of this size, at least 1x1."""
    down, across = (max(1, round(side / recipe.scale_ratio**level)) for side in (height, width))
    return down, across


def shrunk(picture: Tensor, recipe: Recipe, level: int) -> Tensor:
    """The picture (3, h, w) at the size of a level, at least 1x1, values in [0, 1]; in several steps where the device
    cannot shrink by so much at once.
    """
    if level == 0:
        return picture
    size = level_size(recipe, level, picture.shape[1], picture.shape[2])
    while picture.is_cuda and exceeds_cuda(picture.shape[1:], size):
        half = tuple(max(side // 2, least) for side, least in zip(picture.shape[1:], size, strict=True))
        picture = resized(picture, (half[0], half[1]))
    return resized(picture, size).clamp(0, 1)


def exceeds_cuda(before: Sequence[int], after: Sequence[int]) -> bool:
    """Whether CUDA's antialiasing resize refuses such a step: its weights lie in shared memory (UpSampleBilinear2d.cu)."""
    return any(old > CUDA_MOST_TIMES * new for old, new in zip(before, after, strict=True))
