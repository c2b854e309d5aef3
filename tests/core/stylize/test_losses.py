"""Losses: values worked out by hand, gradients that are right, items that do not mix."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core import device
from core.stylize.losses import (
    ContentLoss,
    GramLoss,
    Loss,
    MomentsLoss,
    mean_squared,
    total,
)
from core.stylize.moments import moments


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
    return [ContentLoss("a", target, 2.0), GramLoss("a", moments(target)[1], 3.0), _moments_loss(target, 5.0)]


def test_every_loss_is_nothing_at_its_target_and_more_elsewhere() -> None:
    target = _features(1, 3, 4, 5)
    for loss in _losses(target):
        assert loss({"a": target}).item() == pytest.approx(0, abs=1e-9)
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
