"""Request of one picture's optimisation to be walked down to the least loss at one size, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.config.recipe import Recipe
from core.stylize.optimise.batched.stacked_losses import form_of
from core.stylize.optimise.losses import Loss

Tell = Callable[[float, Callable[[], Tensor]], None]
"""Told of the loss of each pass, and how to get a picture (3, h, w) of about then; raises to abandon the picture."""


@dataclass(frozen=True)
class DescentRequest:
    """At most `steps` steps of L-BFGS from a picture (3, h, w) at the recipe's losses; the best picture on the way is sent
    back, (3, h, w). `each_step`: `tell` is to be called after each pass with the very picture that has its loss.
    """

    picture: Tensor
    losses: Sequence[Loss]
    recipe: Recipe
    steps: int
    tell: Tell
    each_step: bool = False

    @property
    def kind(self) -> tuple[Any, ...]:
        """What requests must have in common, beside their backbone, to be walked in one batch."""
        return (tuple(self.picture.shape), self.steps, self.recipe, form_of(self.losses))
