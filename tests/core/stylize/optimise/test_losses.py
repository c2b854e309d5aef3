"""Losses of content and pixels: values worked out by hand."""

from __future__ import annotations

import pytest
import torch

from core.stylize.optimise.losses import (
    PIXELS,
    ContentLoss,
    LaplacianLoss,
    RangeLoss,
    TotalVariationLoss,
    laplacian,
    mean_squared,
)


def test_mean_squared_by_hand() -> None:
    a, b = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[0.0, 4.0], [3.0, 0.0]])
    assert mean_squared(a, b).tolist() == [2.5, 4.5]


def test_content_loss_by_hand() -> None:
    loss = ContentLoss("relu4_2", torch.zeros(1, 1, 1, 2), weight=3.0)
    assert loss({"relu4_2": torch.tensor([1.0, 2.0]).view(1, 1, 1, 2)}).tolist() == [7.5]


def test_total_variation_by_hand() -> None:
    x = torch.tensor([[0.0, 1.0], [0.0, 3.0]]).view(1, 1, 2, 2)
    across, down, falling, rising = (1 + 9) / 2, (0 + 4) / 2, 9.0, 1.0
    expected = 2 * (across + down + falling / 2 + rising / 2) / 3
    assert TotalVariationLoss(2.0)({PIXELS: x}).item() == pytest.approx(expected)
    assert TotalVariationLoss(2.0)({PIXELS: torch.rand(1, 3, 1, 1)}).item() == 0


def test_pixels_beyond_black_and_white_cost_the_square_of_how_far() -> None:
    x = torch.tensor([-0.2, 0.0, 0.5, 1.3]).view(1, 1, 2, 2).expand(1, 3, 2, 2).clone().requires_grad_()
    loss = RangeLoss(2.0)({PIXELS: x})
    assert loss.item() == pytest.approx(2.0 * (0.04 + 0.09) / 4)
    (slope,) = torch.autograd.grad(loss.sum(), x)
    assert slope[0, 0].flatten().tolist() == pytest.approx([2 * 2 * -0.2 / 12, 0, 0, 2 * 2 * 0.3 / 12])


def test_laplacian_by_hand() -> None:
    dot = torch.zeros(1, 3, 3, 3)
    dot[..., 1, 1] = 1.0
    assert torch.allclose(laplacian(dot)[0, 0], torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]))
    assert laplacian(torch.full((2, 3, 4, 5), 0.3)).abs().max() < 1e-6
    assert LaplacianLoss(torch.zeros(1, 1, 3, 3), 9.0)({PIXELS: dot}).item() == pytest.approx(20.0)
