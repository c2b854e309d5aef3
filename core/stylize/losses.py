"""The losses of style transfer: plain functions for the arithmetic, small objects that hold a target.

Every loss gives one value an item of the batch and items never mix, so that the sum over a batch has, for
each picture, the gradient of that picture alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from core.stylize.moments import covariance, moments

Features = Mapping[str, Tensor]
"""Activations by layer name, each (n, c, h, w), in the type that the backbone computes in."""


class Loss(Protocol):
    """What an optimisation minimises."""

    def __call__(self, features: Features) -> Tensor:
        """The loss of each item of the batch, (n,)."""


def mean_squared(a: Tensor, b: Tensor) -> Tensor:
    """Mean of (a - b)^2 over all but the first axis: (n, ...) -> (n,)."""
    return (a - b).square().flatten(1).mean(1)


@dataclass(frozen=True)
class ContentLoss:
    """weight x mean (F - P)^2 at one layer: the features stay near those of the asset.

    Gatys et al. 2016, equation 1, with the mean in place of half the sum. target: (1 or n, c, h, w).
    """

    layer: str
    target: Tensor
    weight: float

    def __call__(self, features: Features) -> Tensor:
        """The loss of each item, (n,)."""
        return self.weight * mean_squared(features[self.layer], self.target)


@dataclass(frozen=True)
class GramLoss:
    """weight x mean (G - A)^2 at one layer: the Gram matrix nears the style's.

    Gatys et al. 2016, equation 4, with the mean in place of its constants. target: (1 or n, c, c).
    """

    layer: str
    target: Tensor
    weight: float

    def __call__(self, features: Features) -> Tensor:
        """The loss of each item, (n,)."""
        return self.weight * mean_squared(moments(features[self.layer])[1], self.target)


@dataclass(frozen=True)
class MomentsLoss:
    """weight x (|mean - mean*|^2 / |mean*|^2 + |cov - cov*|^2 / |cov*|^2) / 2 at one layer.

    Relative errors, so that deep and shallow layers, strong and faint styles, count alike. A style without
    contrast has no covariance; the divisor is kept above a thousandth of its Gram matrix. mean: (1 or n, c),
    gram: (1 or n, c, c).
    """

    layer: str
    mean: Tensor
    gram: Tensor
    weight: float

    def __call__(self, features: Features) -> Tensor:
        """The loss of each item, (n,)."""
        mean, gram = moments(features[self.layer])
        found = covariance(mean, gram)
        wanted = covariance(self.mean, self.gram)
        of_mean = mean_squared(mean, self.mean) / _energy(self.mean)
        of_covariance = mean_squared(found, wanted) / (_energy(wanted) + 1e-3 * _energy(self.gram))
        return self.weight * (of_mean + of_covariance) / 2


def total(losses: Sequence[Loss], features: Features) -> Tensor:
    """Sum of the losses of each item, (n,)."""
    return torch.stack([loss(features) for loss in losses]).sum(0)


def _energy(target: Tensor) -> Tensor:
    """Mean of squares over all but the first axis, (n,), never zero."""
    return target.square().flatten(1).mean(1) + 1e-12
