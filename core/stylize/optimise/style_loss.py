"""Style losses: what is kept of a style's features at one layer, and how far a picture's features are from it.

To add a loss:

1. Write a file beside this one with a class derived from `StyleLoss`, which has
   - `target(features, where)`: tensors by name, of shapes that do not depend on how many positions the features have;
     differentiable, since it is what is compared of the picture too. `where` weighs the positions of a region.
   - `comparison(target, weight)`: the loss as a function of a picture's own `target`, 0 where the two are equal.
   - `tiled = True` only where the target of a picture is the mean of those of its parts, by their positions. Pictures over
     `whole_megapixels` then take the memory of one tile; else the features of the style layers are held whole.
   - `kind`: a name of its own for what its targets are, which the disk cache keeps apart by it.
   - `mix` and `blend`, if a weighted mean of the tensors is not what several artworks, or half a strength, should give.
2. Add the line `"name": "core.stylize.optimise.<file>:<Class>"` to STYLE_LOSSES in `core/config/style_losses.py`.

Recipes then take `style_statistic = "name"`; keys of recipes without it stay as they are. The tests of every loss in the
table (`tests/core/stylize/optimise/test_style_loss.py`) cover it: whole, in tiles, in a region, blended, from the cache.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch
from torch import Tensor

from core.config.style_losses import STYLE_LOSSES
from core.networks.backbone import FeatureMap
from core.stylize.optimise.losses import LayerFeatures
from core.stylize.optimise.moments import Weights

Target = Mapping[str, Tensor]
"""What a loss compares of one layer: tensors by name, the first axis that of pictures, 1 or n."""

Comparison = Callable[[Target], Tensor]
"""The loss of each picture, (n,), from its own target."""


class StyleLoss(ABC):
    """A style loss at one layer: the target that it makes of features, and the distance of a picture from it."""

    kind: ClassVar[str]
    """What its targets are; losses with equal targets share it, and what is cached of them."""
    tiled: ClassVar[bool]
    """Whether the target of a picture is the mean of its tiles' targets, weighted by their positions."""

    @abstractmethod
    def target(self, features: FeatureMap, where: Weights | None = None) -> Target:
        """The target of features (n, c, h, w); `where` (n, h, w) says how much each position counts, None: all alike."""

    @abstractmethod
    def comparison(self, target: Target, weight: float) -> Comparison:
        """`weight` times the distance from a target; what can be computed of the target alone is computed once."""

    def mix(self, targets: Sequence[Target], shares: Sequence[float]) -> Target:
        """The target of several artworks in these shares, which sum to 1: the weighted mean of each tensor."""
        return {
            name: torch.stack([share * each[name] for each, share in zip(targets, shares, strict=True)]).sum(0)
            for name in targets[0]
        }

    def blend(self, own: Target, style: Target, strength: float) -> Target:
        """The target of a picture with so much of the style's look, and the rest of its own: each tensor interpolated."""
        return {name: torch.lerp(own[name], style[name], strength) for name in style}


@dataclass(frozen=True)
class StyleTerm:
    """A style loss at one layer against one target, as a term of an optimisation.

    `where`, (1, h, w), says how much each of the layer's positions counts; None: all alike.
    """

    loss: StyleLoss
    layer: str
    weight: float
    target: Target
    compare: Comparison
    where: Tensor | None = None

    @classmethod
    def against(
        cls, loss: StyleLoss, layer: str, weight: float, target: Target, where: Tensor | None = None
    ) -> StyleTerm:
        """The term of a target; what can be computed of it alone is computed now."""
        return cls(loss, layer, weight, target, loss.comparison(target, weight), where)

    def __call__(self, features: LayerFeatures) -> Tensor:
        """The loss of each item, (n,)."""
        return self.compare(self.loss.target(features[self.layer], self.where))


@cache
def style_loss(name: str) -> StyleLoss:
    """The loss that a recipe's `style_statistic` names."""
    module, _, attribute = STYLE_LOSSES[name].partition(":")
    loss: StyleLoss = getattr(importlib.import_module(module), attribute)()
    return loss
