"""L-BFGS reaches minima, survives bad steps, and repeats itself."""

from __future__ import annotations

import torch
from torch import Tensor

from core.networks import device
from core.stylize.optimise.lbfgs import LBFGS


def _quadratic(x: Tensor) -> tuple[float, Tensor]:
    """1/2 sum d (x - 1)^2 with curvatures d from 1 to 100."""
    curvature = torch.linspace(1, 100, x.numel())
    return float((curvature * (x - 1).square()).sum() / 2), curvature * (x - 1)


def _rosenbrock(x: Tensor) -> tuple[float, Tensor]:
    y = x.clone().requires_grad_()
    loss = (100 * (y[1:] - y[:-1] ** 2) ** 2 + (1 - y[:-1]) ** 2).sum()
    (gradient,) = torch.autograd.grad(loss, y)
    return loss.item(), gradient


def _minimise(objective, x: Tensor, steps: int, search: LBFGS) -> tuple[Tensor, list[float]]:  # type: ignore[no-untyped-def]
    losses = []
    for _ in range(steps):
        loss, gradient = objective(x)
        losses.append(loss)
        x = search.next(x, loss, gradient)
    return x, losses


def test_a_quadratic_is_solved_in_few_steps() -> None:
    x, losses = _minimise(_quadratic, torch.zeros(20), 60, LBFGS(first_step=0.01))
    assert torch.allclose(x, torch.ones(20), atol=1e-3)
    assert losses[-1] < 1e-6 * losses[0]


def test_a_curved_valley_is_followed_to_its_end() -> None:
    x, _ = _minimise(_rosenbrock, torch.zeros(4, dtype=torch.float64), 300, LBFGS(first_step=0.1))
    assert torch.allclose(x, torch.ones(4, dtype=torch.float64), atol=1e-3)


def test_the_first_step_has_the_stated_size_whatever_the_loss_is_measured_in() -> None:
    gradient = torch.randn(50, generator=device.generator(0))
    for scale in (1e-6, 1.0, 1e6):
        moved = LBFGS(first_step=0.02).next(torch.zeros(50), 1.0, gradient * scale)
        assert torch.allclose(moved, -0.02 * gradient / gradient.square().mean().sqrt())


def test_a_step_that_makes_the_loss_leap_is_taken_back() -> None:
    search = LBFGS(first_step=0.02, tolerance=2.0)
    start = torch.zeros(3)
    far = search.next(start, 1.0, torch.ones(3))
    back = search.next(far, 50.0, -torch.ones(3))
    assert torch.allclose(back, far / 4)
    again = search.next(back, 50.0, -torch.ones(3))
    assert torch.allclose(again, far / 16)
    assert not search.pairs


def test_no_gradient_is_no_step() -> None:
    x = torch.ones(4)
    assert torch.equal(LBFGS().next(x, 0.0, torch.zeros(4)), x)


def test_pairs_that_curve_downwards_are_left_out_and_history_is_bounded() -> None:
    search = LBFGS(history=3)
    x, gradient = torch.zeros(2), torch.tensor([1.0, 1.0])
    moved = search.next(x, 1.0, gradient)
    search.next(moved, 1.0, 2 * gradient)
    assert len(search.pairs) == 0
    _minimise(_quadratic, torch.zeros(6), 12, search := LBFGS(history=3, first_step=0.01))
    assert len(search.pairs) == 3
