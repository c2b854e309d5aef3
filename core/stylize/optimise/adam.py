"""Adam on the pixels (Kingma & Ba 2015), with an average of the way as its result."""

from __future__ import annotations

import torch
from torch import Tensor


class Adam:
    """Chooses the next point from the gradient at this one; see LBFGS.

    `rate` is the size of a step. Decays are those of style-transfer-pytorch (K. Crowson), whose average, 0.99 a step,
    takes the grain away that steps of one size leave.
    """

    BETAS = (0.9, 0.99)
    AVERAGE = 0.99

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.steps = 0
        self.mean: Tensor | None = None
        self.square: Tensor | None = None
        self.average: Tensor | None = None

    def next(self, x: Tensor, _loss: float, gradient: Tensor) -> Tensor:
        """The point to evaluate after x, all (d,)."""
        if self.mean is None or self.square is None or self.average is None:
            self.mean, self.square, self.average = (torch.zeros_like(x) for _ in range(3))
        first, second = self.BETAS
        self.steps += 1
        self.mean.lerp_(gradient, 1 - first)
        self.square.lerp_(gradient.square(), 1 - second)
        size = (self.square / (1 - second**self.steps)).sqrt_().add_(1e-12)
        moved = x - self.rate / (1 - first**self.steps) * self.mean / size
        self.average.lerp_(moved, 1 - self.AVERAGE)
        return moved

    def result(self) -> Tensor | None:
        """The average of the points, the latest ones above all; None before the first step."""
        return None if self.average is None else self.average / (1 - self.AVERAGE**self.steps)
