"""Losses of content and of pixels, and the interface of every term that an optimisation minimises.

Every loss gives one value an item of the batch and items never mix, so that the sum over a batch has, for
each picture, the gradient of that picture alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

LayerFeatures = Mapping[str, Tensor]
"""Activations by layer name, each (n, c, h, w), in the type that the backbone computes in."""


PIXELS = "pixels"
"""Name under which losses find the picture itself, (n, 3, h, w), RGB in [0, 1]."""

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Shares of red, green and blue in luminance (ITU-R BT.709)."""


class Loss(Protocol):
    """A term of the objective that an optimisation minimises."""

    def __call__(self, features: LayerFeatures) -> Tensor:
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

    def __call__(self, features: LayerFeatures) -> Tensor:
        """The loss of each item, (n,)."""
        return self.weight * mean_squared(features[self.layer], self.target)


@dataclass(frozen=True)
class TotalVariationLoss:
    """weight x mean squared difference of neighbouring pixels, across, down and along both diagonals.

    Diagonals count half, being longer by sqrt 2. As in Mahendran & Vedaldi 2015 (arXiv 1412.0035) with beta = 2.
    """

    weight: float

    def __call__(self, features: LayerFeatures) -> Tensor:
        """The loss of each item, (n,)."""
        x = features[PIXELS]
        straight = mean_squared(x[..., 1:], x[..., :-1]), mean_squared(x[..., 1:, :], x[..., :-1, :])
        falling, rising = (x[..., 1:, 1:], x[..., :-1, :-1]), (x[..., 1:, :-1], x[..., :-1, 1:])
        sloped = [mean_squared(*pair) / 2 for pair in (falling, rising)]
        return self.weight * torch.stack([torch.nan_to_num(each) for each in (*straight, *sloped)]).sum(0) / 3


@dataclass(frozen=True)
class LaplacianLoss:
    """weight x mean (L x - L a)^2, L the Laplacian of the luminance: lines and edges of the asset stay in place.

    Li et al. 2017, "Laplacian-Steered Neural Style Transfer" (arXiv 1707.01253), equation 4, on unpooled luminance.
    target: `laplacian` of the asset, (1 or n, 1, h, w).
    """

    target: Tensor
    weight: float

    def __call__(self, features: LayerFeatures) -> Tensor:
        """The loss of each item, (n,)."""
        return self.weight * mean_squared(laplacian(features[PIXELS]), self.target)


@dataclass(frozen=True)
class RangeLoss:
    """weight x mean squared distance of the pixels from [0, 1]: what a file cannot hold is not painted.

    Without it half of what an optimisation won can be lost when pixels are cut off at black and white.
    """

    weight: float

    def __call__(self, features: LayerFeatures) -> Tensor:
        """The loss of each item, (n,)."""
        x = features[PIXELS]
        return self.weight * mean_squared(x, x.detach().clamp(0, 1))


def laplacian(pictures: Tensor) -> Tensor:
    """Sum of the four neighbours less four times the pixel, of the luminance of RGB (n, 3, h, w): (n, 1, h, w).

    The picture is extended by repeating its border.
    """
    luminance = (pictures * pictures.new_tensor(LUMINANCE).view(1, 3, 1, 1)).sum(1, keepdim=True)
    framed = F.pad(luminance, (1, 1, 1, 1), mode="replicate")
    around = framed[..., 1:-1, 2:] + framed[..., 1:-1, :-2] + framed[..., 2:, 1:-1] + framed[..., :-2, 1:-1]
    return around - 4 * luminance


def total(losses: Sequence[Loss], features: LayerFeatures) -> Tensor:
    """Sum of the losses of each item, (n,)."""
    return torch.stack([loss(features) for loss in losses]).sum(0)
