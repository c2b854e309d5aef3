"""Losses: values worked out by hand, gradients that are right, items that do not mix."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor

from core.networks import device
from core.stylize.optimise.losses import (
    PIXELS,
    ContentLoss,
    GramLoss,
    LaplacianLoss,
    Loss,
    MomentsLoss,
    RangeLoss,
    TotalVariationLoss,
    WassersteinLoss,
    laplacian,
    mean_squared,
    total,
)
from core.stylize.optimise.moments import covariance, moments


def _features(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=device.generator(seed))


def test_mean_squared_by_hand() -> None:
    a, b = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[0.0, 4.0], [3.0, 0.0]])
    assert mean_squared(a, b).tolist() == [2.5, 4.5]


def test_content_loss_by_hand() -> None:
    loss = ContentLoss("relu4_2", torch.zeros(1, 1, 1, 2), weight=3.0)
    assert loss({"relu4_2": torch.tensor([1.0, 2.0]).view(1, 1, 1, 2)}).tolist() == [7.5]


def test_gram_loss_by_hand() -> None:
    loss = GramLoss("relu1_1", torch.zeros(1, 1, 1), weight=10.0)
    assert loss({"relu1_1": torch.full((1, 1, 1, 2), 2.0)}).tolist() == [160.0]


def _moments_loss(target: Tensor, weight: float) -> MomentsLoss:
    return MomentsLoss("a", *moments(target), weight)


def test_moments_loss_is_relative_to_the_style() -> None:
    loss = _moments_loss(_features(1, 4, 6, 6), 8.0)
    louder = _moments_loss(10 * _features(1, 4, 6, 6), 8.0)
    features = _features(1, 4, 5, 7, seed=1)
    assert loss({"a": features}).item() == pytest.approx(louder({"a": 10 * features}).item(), rel=1e-4)
    blank = loss({"a": torch.zeros(1, 4, 3, 3)}).item()
    assert blank == pytest.approx(8.0, rel=0.02)


def _losses(target: Tensor) -> list[Loss]:
    return [
        ContentLoss("a", target, 2.0),
        GramLoss("a", moments(target)[1], 3.0),
        _moments_loss(target, 5.0),
        WassersteinLoss("a", *moments(target), 4.0),
    ]


def test_every_loss_is_nothing_at_its_target_and_more_elsewhere() -> None:
    target = _features(1, 3, 4, 5)
    for loss in _losses(target):
        assert loss({"a": target}).item() == pytest.approx(0, abs=1e-5)
        assert loss({"a": target + 0.1}).item() > 1e-4


def test_gradients_agree_with_differences() -> None:
    losses = [
        ContentLoss("a", _features(1, 2, 3, 3).double(), 2.0),
        _moments_loss(_features(1, 2, 3, 3, seed=2).double(), 5.0),
        GramLoss("a", moments(_features(1, 2, 3, 3, seed=3).double())[1], 3.0),
    ]
    x = _features(1, 2, 3, 3, seed=4).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda features: total(losses, {"a": features}).sum(), (x,))


def test_items_of_a_batch_do_not_mix() -> None:
    batch = _features(3, 3, 4, 5, seed=5).requires_grad_()
    losses = _losses(_features(1, 3, 4, 5))
    values = total(losses, {"a": batch})
    (gradient,) = torch.autograd.grad(values.sum(), batch)
    alone = batch[1:2].detach().requires_grad_()
    value = total(losses, {"a": alone})
    (expected,) = torch.autograd.grad(value.sum(), alone)
    assert values.shape == (3,)
    assert values[1].item() == pytest.approx(value.item(), rel=1e-5)
    assert torch.allclose(gradient[1:2], expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_style_without_contrast_gives_finite_losses(value: float) -> None:
    x = _features(1, 3, 4, 4).requires_grad_()
    loss = _moments_loss(torch.full((1, 3, 4, 4), value), 1.0)({"a": x})
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    assert torch.isfinite(loss).all()
    assert torch.isfinite(gradient).all()


def test_wasserstein_is_the_formula_with_matrix_roots() -> None:
    ours, style = _features(1, 4, 6, 7).double(), _features(1, 4, 5, 5, seed=3).double()
    (mean, gram), (wanted, wanted_gram) = moments(ours), moments(style)
    a, b = covariance(mean, gram)[0].numpy(), covariance(wanted, wanted_gram)[0].numpy()
    root = scipy.linalg.sqrtm(b)
    distance = np.square((mean - wanted).numpy()).mean() + np.trace(
        a + b - 2 * scipy.linalg.sqrtm(root @ a @ root).real
    )
    expected = 3.0 * distance / (np.square(wanted.numpy()).mean() + np.trace(b))
    assert WassersteinLoss("a", wanted, wanted_gram, 3.0)({"a": ours}).item() == pytest.approx(
        float(expected), rel=1e-6
    )


def test_wasserstein_has_a_right_and_finite_gradient_even_without_contrast() -> None:
    loss = WassersteinLoss("a", *moments(_features(1, 3, 5, 5, seed=3).double()), 3.0)
    x = _features(1, 3, 4, 4, seed=4).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda features: loss({"a": features}).sum(), (x,))
    flat = torch.full((1, 3, 4, 4), 0.5).requires_grad_()
    grey = WassersteinLoss("a", *moments(torch.full((1, 3, 4, 4), 0.2)), 1.0)
    (gradient,) = torch.autograd.grad(grey({"a": flat}).sum(), flat)
    assert torch.isfinite(gradient).all()


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
