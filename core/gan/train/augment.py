"""Differentiable augmentation: D sees every picture, real or made, changed at random (Zhao et al. 2020, arXiv 2006.10738).

The generator's gradient passes through, so it is not taught to make changed pictures. Each change is applied to a picture
with probability p (Karras et al. 2020, arXiv 2006.06676): p is fixed, follows from the data set's size, or from how far D
has learned its pictures by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from core.gan.networks.recipe import GanRecipe
from core.networks.pinned_upload import uploaded

SHIFT = 1 / 8
"""Longest translation, as a share of the side."""
CUT = 1 / 2
"""Side of the square that is cut out, as a share of the picture's."""

FEW = 1_000
"""Pictures up to which augmentation by size is at full strength."""

PICTURES_TO_FULL = 100_000
"""Pictures in which p can go from 0 to 1. Karras et al. take 500,000 for training from nothing and 100,000 for going on;
trainings of some hours see no more than some hundred thousand.
"""
LOOK_EVERY = 4
"""Steps between two corrections of p (Karras et al. 2020, section 3.1)."""


@dataclass
class Strength:
    """How likely each change is, and the mean sign of D on real pictures since p was last corrected."""

    p: float = 0.0
    signs: float = 0.0
    looks: int = 0

    @staticmethod
    def of(recipe: GanRecipe, pictures: int) -> Strength:
        """What a training on so many pictures begins with."""
        return Strength(min(1.0, FEW / max(1, pictures)) if recipe.augment == "size" else 0.0)

    def update(self, sign: float, recipe: GanRecipe) -> None:
        """Take the mean sign of D on a step's real pictures, -1..1, and correct p now and then if the recipe says so.

        The signal is r_t of Karras et al. 2020, equation 1: near 1, D knows its pictures by heart.
        """
        if recipe.augment != "signal":
            return
        self.signs, self.looks = self.signs + sign, self.looks + 1
        if self.looks == LOOK_EVERY:
            overfits = self.signs / LOOK_EVERY > recipe.overfitting_target
            change = recipe.pictures_a_step * LOOK_EVERY / PICTURES_TO_FULL
            self.p = min(1.0, max(0.0, self.p + (change if overfits else -change)))
            self.signs, self.looks = 0.0, 0


def drawn(
    count: int, p: float, draw: torch.Generator, low: float, high: float, still: float
) -> Float[Tensor, "n 1 1 1"]:
    """A value for each picture from low..high, or `still` where the change is not applied."""
    values = torch.rand(2, count, generator=draw)
    return torch.where(values[0] < p, low + (high - low) * values[1], torch.tensor(still)).view(-1, 1, 1, 1)


class Change(Protocol):
    """A change of pictures (n, c, h, w) by drawn values."""

    def draw(self, shape: torch.Size, p: float, draw: torch.Generator) -> tuple[Tensor, ...]:
        """What pictures of this shape are changed by, each with probability p, float32 on the CPU."""

    def apply(self, x: Tensor, *by: Tensor) -> Tensor:
        """The changed pictures, by what was drawn for them."""


class Augmentation:
    """The changes of one batch, drawn beforehand, so that real and made pictures can be changed alike or apart."""

    def __init__(self, policy: str) -> None:
        self._changes = [change for name in policy.split(",") for change in CHANGES[name]]

    def __call__(self, x: Float[Tensor, "n c h w"], p: float, draw: torch.Generator) -> Float[Tensor, "n c h w"]:
        """`x` (in -1..1) with each change of the policy in each picture with probability `p`; float32."""
        if p <= 0:
            return x
        by = [change.draw(x.shape, p, draw) for change in self._changes]
        sent = iter(_sent([values for of_change in by for values in of_change], x.device))
        x = x.float()
        for change, of_change in zip(self._changes, by, strict=True):
            x = change.apply(x, *(next(sent) for _ in of_change))
        return x


def _sent(values: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """Tensors on a device, by one upload."""
    if device.type == "cpu":
        return list(values)
    flat = uploaded(torch.cat([each.flatten() for each in values]), device)
    parts = torch.split(flat, [each.numel() for each in values])
    return [part.view(each.shape) for part, each in zip(parts, values, strict=True)]


class Brightness:
    """Added to all values."""

    def draw(self, shape: torch.Size, p: float, draw: torch.Generator) -> tuple[Tensor, ...]:
        """See Change."""
        return (drawn(shape[0], p, draw, -0.5, 0.5, 0.0),)

    def apply(self, x: Tensor, *by: Tensor) -> Tensor:
        """See Change."""
        return x + by[0]


class Saturation:
    """Colours away from their grey, or nearer."""

    def draw(self, shape: torch.Size, p: float, draw: torch.Generator) -> tuple[Tensor, ...]:
        """See Change."""
        return (drawn(shape[0], p, draw, 0.0, 2.0, 1.0),)

    def apply(self, x: Tensor, *by: Tensor) -> Tensor:
        """See Change."""
        return torch.lerp(x.mean(1, keepdim=True), x, by[0]) if x.shape[1] > 1 else x


class Contrast:
    """Values away from the picture's mean, or nearer."""

    def draw(self, shape: torch.Size, p: float, draw: torch.Generator) -> tuple[Tensor, ...]:
        """See Change."""
        return (drawn(shape[0], p, draw, 0.5, 1.5, 1.0),)

    def apply(self, x: Tensor, *by: Tensor) -> Tensor:
        """See Change."""
        return torch.lerp(x.mean((1, 2, 3), keepdim=True), x, by[0])


class Translation:
    """Shifted by whole pixels, what comes in is 0 (mid grey). As two products with shift matrices (n, 1, side, side), whose
    backward pass is deterministic on every device, which indexing's is not.
    """

    def draw(self, shape: torch.Size, p: float, draw: torch.Generator) -> tuple[Tensor, ...]:
        """See Change."""
        found = []
        for side in shape[-2:]:
            by = drawn(shape[0], p, draw, -side * SHIFT, side * SHIFT, 0.0).round()
            places = torch.arange(side, dtype=torch.float32)
            found.append((places.view(-1, 1) - by == places).float())
        return tuple(found)

    def apply(self, x: Tensor, *by: Tensor) -> Tensor:
        """See Change."""
        rows, columns = by
        return rows @ x @ columns.transpose(-1, -2)


class Cutout:
    """A square is 0; its centre may lie anywhere, so less than the whole of it may be seen."""

    def draw(self, shape: torch.Size, p: float, draw: torch.Generator) -> tuple[Tensor, ...]:
        """See Change."""
        masks = []
        for side in shape[-2:]:
            centre = drawn(shape[0], 1.0, draw, 0.0, float(side), 0.0).floor().view(-1, 1)
            places = torch.arange(side).view(1, -1)
            half = side * CUT / 2
            masks.append(((places >= centre - half) & (places < centre + half)).float())
        applied = drawn(shape[0], p, draw, 1.0, 1.0, 0.0).view(-1, 1, 1)
        return ((1 - masks[0].unsqueeze(2) * masks[1].unsqueeze(1) * applied).unsqueeze(1),)

    def apply(self, x: Tensor, *by: Tensor) -> Tensor:
        """See Change."""
        return x * by[0]


CHANGES: dict[str, tuple[Change, ...]] = {
    "colour": (Brightness(), Saturation(), Contrast()),
    "translation": (Translation(),),
    "cutout": (Cutout(),),
}
"""By their names in a policy, in the order in which they are drawn and made."""
