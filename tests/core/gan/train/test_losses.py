"""Losses against their formulas written out, and gradients that do not vanish."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.gan.train.losses import hinge_d, hinge_g, non_saturating_d, non_saturating_g, r1_penalty, realest

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


def test_non_saturating_is_the_formula_on_probabilities() -> None:
    real, fake = torch.sigmoid(REAL.double()), torch.sigmoid(FAKE.double())
    expected = -real.log().mean() - (1 - fake).log().mean()
    assert non_saturating_d(REAL.double(), FAKE.double()).item() == pytest.approx(expected.item())
    assert non_saturating_g(FAKE.double()).item() == pytest.approx(-fake.log().mean().item())


def test_extreme_logits_stay_finite_and_still_teach() -> None:
    fake = torch.tensor([-200.0], requires_grad=True)
    loss = non_saturating_g(fake)
    loss.backward()
    assert loss.item() == pytest.approx(200.0)
    assert fake.grad is not None
    assert fake.grad.item() == pytest.approx(-1.0)  # where log(1 - sigmoid) would have none


def test_hinge_stops_beyond_its_margin() -> None:
    assert hinge_d(REAL, FAKE).item() == pytest.approx((0 + 2) / 2 + (1.5 + 0) / 2)
    assert hinge_g(FAKE).item() == pytest.approx(1.25)


def test_the_realest_are_whole_pictures_by_their_mean() -> None:
    logits = torch.tensor([[0.0, 9.0], [5.0, 5.0], [-1.0, -1.0], [8.0, 8.0]])
    assert sorted(realest(logits, 0.5).mean(1).tolist()) == [5.0, 8.0]
    assert realest(logits, 0.01).tolist() == [[8.0, 8.0]]
    assert realest(logits, 1.0) is logits


def test_r1_is_the_squared_gradient_worked_out_by_hand() -> None:
    x = torch.tensor([[[[1.0, 2.0]]], [[[3.0, 4.0]]]], requires_grad=True)

    def judge(pictures: Tensor) -> Tensor:
        return (pictures * torch.tensor([3.0, 4.0])).sum((1, 2, 3)).unsqueeze(1)

    assert r1_penalty(judge(x), x).item() == pytest.approx(25.0)


def test_r1_can_be_learned_from() -> None:
    weight = torch.tensor(2.0, requires_grad=True)
    x = torch.ones(2, 1, 1, 1, requires_grad=True)
    penalty = r1_penalty((weight * x).flatten(1), x)
    penalty.backward()
    assert penalty.item() == pytest.approx(4.0)
    assert weight.grad is not None
    assert weight.grad.item() == pytest.approx(4.0)  # d(w^2)/dw
