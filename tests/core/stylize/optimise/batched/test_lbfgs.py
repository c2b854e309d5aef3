"""L-BFGS of several pictures on the device: the steps of the two-loop recursion, lane by lane."""

from __future__ import annotations

import torch
from torch import Tensor

from core.networks import device as devices
from core.stylize.optimise.batched.lbfgs import BatchedLBFGS
from core.stylize.optimise.lbfgs import LBFGS

VALUES, HISTORY, STEPS = 40, 6, 25
CPU = torch.device("cpu")


def _valley(x: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
    """Loss and gradient of a curved valley, (n, d) -> (n,), (n, d); not convex, so that pairs are refused too."""
    x = x.detach().requires_grad_()
    loss = (scales * x.square() + 0.3 * torch.sin(4 * x)).sum(1) + 0.05 * (x[:, 1:] - x[:, :-1].square()).square().sum(
        1
    )
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    return loss.detach(), gradient


def _walk_alone(start: Tensor, scales: Tensor) -> list[Tensor]:
    search, x, points = LBFGS(HISTORY, first_step=0.2), start, []
    for _ in range(STEPS):
        loss, gradient = _valley(x.unsqueeze(0), scales)
        x = search.next(x, float(loss), gradient[0])
        points.append(x)
    return points


def _walk_together(starts: Tensor, scales: Tensor, forget: int | None = None) -> list[Tensor]:
    search, x, points = BatchedLBFGS(len(starts), VALUES, HISTORY, CPU, first_step=0.2), starts, []
    for step in range(STEPS):
        if forget == step:
            search.forget(0)
            x = torch.cat([starts[:1], x[1:]])
        x = search.next(x, *_valley(x, scales))
        points.append(x)
    return points


def _problem() -> tuple[Tensor, Tensor]:
    generator = devices.generator(3)
    return torch.randn(3, VALUES, generator=generator), 0.2 + torch.rand(VALUES, generator=generator)


def test_steps_are_those_of_the_two_loop_recursion() -> None:
    starts, scales = _problem()
    together = _walk_together(starts, scales)
    for lane, start in enumerate(starts):
        alone = _walk_alone(start, scales)
        for number in (0, 1, HISTORY, HISTORY + 2):
            wanted, found = alone[number] - start, together[number][lane] - start
            assert (found - wanted).norm() <= 1e-4 * wanted.norm()
        assert torch.allclose(together[-1][lane], alone[-1], atol=0.02)


def test_one_direction_is_the_recursions_to_a_hundred_thousandth() -> None:
    starts, scales = _problem()
    search, together = LBFGS(HISTORY, first_step=0.2), BatchedLBFGS(1, VALUES, HISTORY, CPU, first_step=0.2)
    x = starts[0]
    for _ in range(STEPS):
        loss, gradient = _valley(x.unsqueeze(0), scales)
        found = together.next(x.unsqueeze(0), loss, gradient)[0]
        following = search.next(x, float(loss), gradient[0])
        assert (found - following).norm() <= 1e-5 * (following - x).norm()
        x = following


def test_lanes_do_not_mix_and_begin_when_they_like() -> None:
    starts, scales = _problem()
    first, later = _walk_together(starts, scales), _walk_together(starts, scales, forget=5)
    for step in range(STEPS - 5):
        assert torch.equal(later[step + 5][0], first[step][0])
    assert torch.equal(later[-1][1:], first[-1][1:])


def test_a_leap_is_taken_back_to_a_quarter() -> None:
    search = BatchedLBFGS(2, 1, HISTORY, CPU, first_step=1.0)
    at, gradient = torch.tensor([[1.0], [1.0]]), torch.tensor([[2.0], [2.0]])
    following = search.next(at, torch.tensor([1.0, 1.0]), gradient)
    assert following.tolist() == [[0.0], [0.0]]
    back = search.next(following, torch.tensor([2.5, 1.5]), gradient / 2)
    assert back[0].item() == 0.75
    assert back[1].item() < 0.0


def test_where_there_is_no_slope_nothing_moves() -> None:
    search = BatchedLBFGS(1, 4, HISTORY, CPU)
    at = torch.ones(1, 4)
    for _ in range(3):
        assert torch.equal(search.next(at, torch.zeros(1), torch.zeros(1, 4)), at)
