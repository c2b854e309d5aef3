"""Losses of moments: values worked out by hand, gradients that are right, items that do not mix."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor

from core.networks import device
from core.stylize.optimise.losses import ContentLoss, Loss, total
from core.stylize.optimise.moment_losses import GramLoss, MomentsLoss, WassersteinLoss
from core.stylize.optimise.moments import covariance, moments
from core.stylize.optimise.style_loss import StyleLoss, StyleTerm


def _features(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=device.generator(seed))


def _term(loss: StyleLoss, target: Tensor, weight: float) -> StyleTerm:
    """The loss against the moments of other features."""
    return StyleTerm.against(loss, "a", weight, loss.target(target))


def test_gram_loss_by_hand() -> None:
    loss = GramLoss().comparison({"gram": torch.zeros(1, 1, 1)}, 10.0)
    assert loss(GramLoss().target(torch.full((1, 1, 1, 2), 2.0))).tolist() == [160.0]


def test_moments_loss_is_relative_to_the_style() -> None:
    loss = _term(MomentsLoss(), _features(1, 4, 6, 6), 8.0)
    louder = _term(MomentsLoss(), 10 * _features(1, 4, 6, 6), 8.0)
    features = _features(1, 4, 5, 7, seed=1)
    assert loss({"a": features}).item() == pytest.approx(louder({"a": 10 * features}).item(), rel=1e-4)
    blank = loss({"a": torch.zeros(1, 4, 3, 3)}).item()
    assert blank == pytest.approx(8.0, rel=0.02)


def _losses(target: Tensor) -> list[Loss]:
    return [
        ContentLoss("a", target, 2.0),
        _term(GramLoss(), target, 3.0),
        _term(MomentsLoss(), target, 5.0),
        _term(WassersteinLoss(), target, 4.0),
    ]


def test_every_loss_is_nothing_at_its_target_and_more_elsewhere() -> None:
    target = _features(1, 3, 4, 5)
    for loss in _losses(target):
        assert loss({"a": target}).item() == pytest.approx(0, abs=1e-5)
        assert loss({"a": target + 0.1}).item() > 1e-4


def test_gradients_agree_with_differences() -> None:
    losses = [
        ContentLoss("a", _features(1, 2, 3, 3).double(), 2.0),
        _term(MomentsLoss(), _features(1, 2, 3, 3, seed=2).double(), 5.0),
        _term(GramLoss(), _features(1, 2, 3, 3, seed=3).double(), 3.0),
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
    loss = _term(MomentsLoss(), torch.full((1, 3, 4, 4), value), 1.0)({"a": x})
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
    assert _term(WassersteinLoss(), style, 3.0)({"a": ours}).item() == pytest.approx(float(expected), rel=1e-6)


def test_wasserstein_has_a_right_and_finite_gradient_even_without_contrast() -> None:
    loss = _term(WassersteinLoss(), _features(1, 3, 5, 5, seed=3).double(), 3.0)
    x = _features(1, 3, 4, 4, seed=4).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda features: loss({"a": features}).sum(), (x,))
    flat = torch.full((1, 3, 4, 4), 0.5).requires_grad_()
    grey = _term(WassersteinLoss(), torch.full((1, 3, 4, 4), 0.2), 1.0)
    (gradient,) = torch.autograd.grad(grey({"a": flat}).sum(), flat)
    assert torch.isfinite(gradient).all()
