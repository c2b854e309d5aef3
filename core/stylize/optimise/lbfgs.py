"""L-BFGS: a quasi-Newton step from the last few gradients (Nocedal & Wright 2006, algorithms 7.4 and 7.5)."""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor

HISTORY = 30
HISTORY_BYTES = 0.45e9
"""Memory that pairs of steps and gradients may take."""


def history_of(values: int) -> int:
    """How many pairs to remember of a picture of so many values, at least one."""
    return max(1, min(HISTORY, int(HISTORY_BYTES / (8 * values))))


class LBFGS:
    """Chooses the next point from the loss and gradient at this one; a point costs one pass of the network.

    Steps have length 1 along the quasi-Newton direction, with no line search: on these losses nearly all are
    accepted, and a search would pay a pass for each try. The exceptions are the first step, whose root mean
    square is `first_step` as no curvature is known, and a step that made the loss more than `tolerance` times
    larger: it is taken back to a quarter.
    """

    def __init__(self, history: int = HISTORY, first_step: float = 0.02, tolerance: float = 2.0) -> None:
        self.pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=history)
        self.first_step = first_step
        self.tolerance = tolerance
        self.at: tuple[Tensor, float, Tensor] | None = None

    def next(self, x: Tensor, loss: float, gradient: Tensor) -> Tensor:
        """The point to evaluate after x, all (d,)."""
        if self.at is not None:
            if loss > self.tolerance * self.at[1]:
                return self.at[0] + (x - self.at[0]) / 4
            self._remember(x - self.at[0], gradient - self.at[2])
        self.at = (x, loss, gradient)
        return x + self._downhill(gradient)

    def _remember(self, step: Tensor, change: Tensor) -> None:
        """Keep a curvature pair, unless the loss curves downwards along it: that would spoil the
        approximation.
        """
        curvature = float(step @ change)
        if curvature > 1e-10 * float(change @ change):
            self.pairs.append((step, change, curvature))

    def _downhill(self, gradient: Tensor) -> Tensor:
        """-H g by the two-loop recursion."""
        if not self.pairs:
            scale = gradient.square().mean().sqrt()
            return gradient * (-self.first_step / scale) if scale > 0 else torch.zeros_like(gradient)
        direction, coefficients = -gradient, []
        for step, change, curvature in reversed(self.pairs):
            coefficients.append(float(step @ direction) / curvature)
            direction = direction.sub_(change, alpha=coefficients[-1])
        _, change, curvature = self.pairs[-1]
        direction = direction.mul_(curvature / float(change @ change))
        for (step, change, curvature), coefficient in zip(self.pairs, reversed(coefficients), strict=True):
            direction = direction.add_(step, alpha=coefficient - float(change @ direction) / curvature)
        return direction
