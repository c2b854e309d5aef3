"""Masks: what they mean, edges that rise inwards alone, and blends that leave black and white exact."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from core.errors import Unsupported
from core.images.image import Picture
from core.stylize.images.masks import feathered, fitted, keep_under, levels, softened


def grey(values: list[list[int]], alpha: list[list[int]] | None = None) -> Picture:
    rgb = np.repeat(np.array(values, np.uint8)[..., None], 3, 2)
    return Picture(rgb, None if alpha is None else np.array(alpha, np.uint8))


def square(size: int = 24, inside: slice = slice(6, 18)) -> Tensor:
    amount = torch.zeros(size, size)
    amount[inside, inside] = 1
    return amount


def test_white_is_all_black_is_nothing_and_grey_is_between() -> None:
    assert levels(grey([[0, 255, 128]]), "m.png").tolist() == [[0.0, 1.0, pytest.approx(0.5, abs=0.01)]]


def test_what_is_transparent_is_black() -> None:
    found = levels(grey([[255, 255, 0, 255]], [[0, 255, 255, 128]]), "m.png")  # rgb is on white already
    assert found.tolist() == [[0, 1, 0, pytest.approx(0.5, abs=0.01)]]


def test_black_and_white_of_a_jpeg_are_black_and_white() -> None:
    plane = (square(64, slice(16, 48)) * 255).byte().numpy()
    buffer = io.BytesIO()
    Image.fromarray(plane).save(buffer, "JPEG", quality=90)
    found = levels(grey(np.asarray(Image.open(buffer)).tolist()), "m.jpg")
    assert (found[:8] == 0).all()
    assert (found[24:40, 24:40] == 1).all()


def test_a_coloured_mask_is_refused_and_says_where_it_belongs() -> None:
    rgb = np.zeros((10, 10, 3), np.uint8)
    rgb[:5, :, 0] = 255
    with pytest.raises(Unsupported, match=r"mask a/b\.png has colours.*`regions`"):
        levels(Picture(rgb), "a/b.png")


def test_edges_rise_inwards_and_nowhere_else() -> None:
    amount = square()
    soft = feathered(amount, 4)
    assert (soft[amount == 0] == 0).all()
    assert (soft <= amount).all()
    row = soft[12, 6:12]
    assert row.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])
    assert torch.allclose(soft, soft.flip(0))
    assert torch.allclose(soft, soft.T)


def test_the_border_of_the_picture_is_no_edge() -> None:
    assert (feathered(torch.ones(9, 7), 4) == 1).all()


def test_a_thin_line_gets_fainter_and_stays() -> None:
    line = torch.zeros(20, 20)
    line[10] = 1
    assert feathered(line, 4)[10].tolist() == pytest.approx([0.2] * 20)


def test_without_feather_nothing_changes() -> None:
    amount = torch.rand(9, 7)
    assert torch.equal(feathered(amount, 0), amount)
    assert torch.equal(softened(amount[None], 0)[0], amount)


def test_softened_planes_still_sum_to_one() -> None:
    plane = square()
    soft = softened(torch.stack([plane, 1 - plane]), 3)
    assert torch.allclose(soft.sum(0), torch.ones(24, 24), atol=1e-6)
    assert soft[0, 12, 5:7].diff().abs() < 0.2


@pytest.mark.parametrize("size", [(12, 12), (48, 48), (7, 31)])
def test_another_size_has_the_same_share(size: tuple[int, int]) -> None:
    found = fitted(square()[None], *size)
    assert found.shape == (1, *size)
    assert found.min() >= 0
    assert found.max() <= 1
    assert float(found.mean()) == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_blending_keeps_the_very_pixels_at_both_ends(kind: Any) -> None:
    white = np.iinfo(kind).max // 255
    rng = np.random.default_rng(1)
    asset = rng.integers(0, 256, (700, 6, 3), dtype=np.uint8)
    made = rng.integers(0, 255 * white + 1, (700, 6, 3), dtype=kind)
    before = made.copy()
    keep_under(made, asset, torch.tensor([0, 0, 0.25, 0.5, 1, 1]).expand(700, 6))
    assert np.array_equal(made[:, :2], asset[:, :2].astype(kind) * white)
    assert np.array_equal(made[:, 4:], before[:, 4:])
    assert np.abs(made[:, 3] - (asset[:, 3] * float(white) + before[:, 3]) / 2).max() <= 0.5
