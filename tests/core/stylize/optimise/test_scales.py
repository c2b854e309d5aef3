"""Coarse to fine: which sizes, and what a shrunk picture is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.stylize.images.pixels import resized
from core.stylize.optimise import scales
from core.stylize.optimise.scales import CUDA_MOST_TIMES, level_size, levels, shrunk
from tests.core.stylize.conftest import waves
from tests.fake_cuda.trace import fake_cuda


@pytest.mark.parametrize(
    ("coarse_steps", "height", "width", "expected"),
    [
        (5, 256, 100, [1, 0]),
        (5, 400, 512, [2, 1, 0]),
        (5, 191, 20, [0]),
        (5, 192, 20, [1, 0]),
        (5, 1, 1, [0]),
        (0, 512, 512, [0]),
        (5, 4096, 4096, [2, 1, 0]),
    ],
)
def test_sizes_halve_down_to_a_hundred_pixels(coarse_steps: int, height: int, width: int, expected: list[int]) -> None:
    assert list(levels(Recipe(size=512, coarse_steps=coarse_steps), height, width)) == expected


def test_a_shrunk_picture_keeps_its_mean_and_range() -> None:
    picture = waves(64, 48)
    small = shrunk(picture, Recipe(), 2)
    assert small.shape == (3, 16, 12)
    assert torch.allclose(small.mean((1, 2)), picture.mean((1, 2)), atol=0.01)
    assert small.min() >= 0
    assert small.max() <= 1


def test_nothing_shrinks_below_one_pixel_nor_at_level_0() -> None:
    picture = waves(1, 3)
    assert shrunk(picture, Recipe(), 5).shape == (3, 1, 1)
    assert shrunk(picture, Recipe(), 0) is picture


def test_resizing_back_keeps_smooth_pictures() -> None:
    picture = waves(32, 32, 1, 1)
    assert (resized(shrunk(picture, Recipe(), 1), picture.shape[1:]) - picture).abs().mean() < 0.02


def test_passes_count_coarse_sizes_by_their_area() -> None:
    recipe = Recipe(size=512, steps=10, coarse_steps=16)
    assert recipe.passes(512, 300) == 10 + 16 / 4 + 16 / 16
    assert recipe.passes(100, 80) == 10
    assert recipe.passes(2000, 2000) == recipe.passes(512, 512)


@pytest.mark.parametrize(("side", "level", "steps"), [(6143, 5, 1), (6144, 6, 2), (16_000, 7, 3)])
def test_large_pictures_shrink_by_no_more_than_cuda_can_at_once(
    side: int, level: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(size=side)
    taken: list[tuple[int, int]] = []

    def recorded(picture: Tensor, size: tuple[int, int]) -> Tensor:
        taken.append((picture.shape[1], size[0]))
        return resized(picture, size)

    monkeypatch.setattr(scales, "resized", recorded)
    with fake_cuda():
        made = shrunk(torch.zeros(3, side, side, device="cuda"), recipe, level)
    assert len(taken) == steps
    assert all(before <= CUDA_MOST_TIMES * after for before, after in taken)
    assert made.shape[1:] == level_size(recipe, level, side, side)
