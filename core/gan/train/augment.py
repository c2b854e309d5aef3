"""Differentiable augmentation: D sees every picture, real or made, changed at random (Zhao et al. 2020, arXiv 2006.10738).

The generator's gradient passes through, so it is not taught to make changed pictures. Each change is applied to a picture
with probability p (Karras et al. 2020, arXiv 2006.06676): p is fixed, follows from the data set's size, or from how far D
has learned its pictures by heart.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from core.gan.networks.recipe import GanRecipe

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


class Augmentation:
    """The changes of one batch, drawn beforehand, so that real and made pictures can be changed alike or apart."""

    def __init__(self, policy: str) -> None:
        self._changes = {
            "colour": (_brightness, _saturation, _contrast),
            "translation": (_translation,),
            "cutout": (_cutout,),
        }
        self._policy = policy.split(",")

    def __call__(self, x: Float[Tensor, "n c h w"], p: float, draw: torch.Generator) -> Float[Tensor, "n c h w"]:
        """`x` (in -1..1) with each change of the policy in each picture with probability `p`; float32."""
        if p <= 0:
            return x
        x = x.float()
        for name in self._policy:
            for change in self._changes[name]:
                x = change(x, p, draw)
        return x


def _drawn(x: Tensor, p: float, draw: torch.Generator, low: float, high: float, still: float) -> Tensor:
    """A value for each picture from low..high, or `still` where the change is not applied: (n, 1, 1, 1)."""
    values = torch.rand(2, len(x), generator=draw)
    chosen = torch.where(values[0] < p, low + (high - low) * values[1], torch.tensor(still))
    return chosen.view(-1, 1, 1, 1).to(x.device)


def _brightness(x: Tensor, p: float, draw: torch.Generator) -> Tensor:
    return x + _drawn(x, p, draw, -0.5, 0.5, 0.0)


def _saturation(x: Tensor, p: float, draw: torch.Generator) -> Tensor:
    factor = _drawn(x, p, draw, 0.0, 2.0, 1.0)
    return torch.lerp(x.mean(1, keepdim=True), x, factor) if x.shape[1] > 1 else x


def _contrast(x: Tensor, p: float, draw: torch.Generator) -> Tensor:
    factor = _drawn(x, p, draw, 0.5, 1.5, 1.0)
    return torch.lerp(x.mean((1, 2, 3), keepdim=True), x, factor)


def _translation(x: Tensor, p: float, draw: torch.Generator) -> Tensor:
    """Shifted by whole pixels, what comes in is 0 (mid grey). As two products with shift matrices, whose backward pass
    is deterministic on every device, which indexing's is not.
    """
    rows, columns = (_shift(x, side, p, draw) for side in x.shape[-2:])
    return rows @ x @ columns.transpose(-1, -2)


def _shift(x: Tensor, side: int, p: float, draw: torch.Generator) -> Tensor:
    """Matrices (n, 1, side, side) that move a picture's rows down by a drawn number."""
    by = _drawn(x, p, draw, -side * SHIFT, side * SHIFT, 0.0).round()
    places = torch.arange(side, device=x.device, dtype=x.dtype)
    return (places.view(-1, 1) - by == places).to(x.dtype)


def _cutout(x: Tensor, p: float, draw: torch.Generator) -> Tensor:
    """A square is 0; its centre may lie anywhere, so less than the whole of it may be seen."""
    masks = []
    for side in x.shape[-2:]:
        centre = _drawn(x, 1.0, draw, 0.0, float(side), 0.0).floor().view(-1, 1)
        places = torch.arange(side, device=x.device).view(1, -1)
        half = side * CUT / 2
        masks.append(((places >= centre - half) & (places < centre + half)).to(x.dtype))
    applied = (_drawn(x, p, draw, 1.0, 1.0, 0.0)).view(-1, 1, 1)
    hole = masks[0].unsqueeze(2) * masks[1].unsqueeze(1) * applied
    return x * (1 - hole).unsqueeze(1)
