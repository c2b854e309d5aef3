"""Losses of several pictures as losses of their batch: targets stacked along the first axis, one term for all lanes.

What has no place in a stack, as the terms of a region have not, looks at its own lane's features alone. Which of the two it
is hangs on a picture's own losses, not on its neighbours': sums in another order would have other last bits.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from core.stylize.optimise.losses import LayerFeatures, Loss
from core.stylize.optimise.style_loss import StyleTerm


@dataclass(frozen=True)
class PerLaneLoss:
    """A term that is another one in each lane, such as a region's: each looks at its own item of the features."""

    losses: tuple[Loss, ...]

    def __call__(self, features: LayerFeatures) -> Tensor:
        """The loss of each item, (n,)."""
        found = []
        for lane, loss in enumerate(self.losses):
            found.append(loss({layer: values[lane : lane + 1] for layer, values in features.items()}))
        return torch.cat(found)


def form_of(losses: Sequence[Loss]) -> Hashable:
    """What the losses of two pictures must have in common to be stacked."""
    return tuple(_form(loss) for loss in losses)


def stacked(lanes: Sequence[Sequence[Loss]]) -> list[Loss]:
    """The losses of each lane, all of one form, as those of the batch, term by term."""
    return [_as_one(terms) for terms in zip(*lanes, strict=True)]


def _form(loss: Loss) -> Hashable:
    """Its type and all that it is made of but tensors; None where it has to look at its own lane."""
    if isinstance(loss, StyleTerm):
        return None if loss.where is not None else (StyleTerm, id(loss.loss), loss.layer, loss.weight)
    if not is_dataclass(loss):
        return None
    values = {field.name: getattr(loss, field.name) for field in fields(loss)}
    return (type(loss), *((name, value) for name, value in values.items() if not isinstance(value, Tensor)))


def _as_one(terms: Sequence[Loss]) -> Loss:
    first = terms[0]
    if _form(first) is None:
        return PerLaneLoss(tuple(terms))
    if isinstance(first, StyleTerm):
        targets = [term.target for term in terms if isinstance(term, StyleTerm)]
        target = {name: torch.cat([each[name] for each in targets]) for name in first.target}
        return StyleTerm.against(first.loss, first.layer, first.weight, target)
    assert is_dataclass(first)
    values: dict[str, Any] = {field.name: getattr(first, field.name) for field in fields(first)}
    for name, value in values.items():
        if isinstance(value, Tensor):
            values[name] = torch.cat([getattr(term, name) for term in terms])
    return type(first)(**values)
