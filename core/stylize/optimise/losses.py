"""The losses of style transfer: plain functions for the arithmetic, small objects that hold a target.

Every loss gives one value an item of the batch and items never mix, so that the sum over a batch has, for
each picture, the gradient of that picture alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from core.stylize.optimise.moments import covariance, moments

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


class OfMoments(ABC):
    """A loss that sees a layer through its moments alone, so that it can be had of a picture in parts.

    `where`, (1, h, w), says how much each of the layer's positions counts; None: all alike.
    """

    layer: str
    where: Tensor | None

    @abstractmethod
    def of(self, mean: Tensor, gram: Tensor) -> Tensor:
        """The loss of each item, (n,), from its mean (n, c) and Gram matrix (n, c, c)."""

    def __call__(self, features: LayerFeatures) -> Tensor:
        """The loss of each item, (n,)."""
        return self.of(*moments(features[self.layer], self.where))


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
class GramLoss(OfMoments):
    """weight x mean (G - A)^2 at one layer: the Gram matrix nears the style's.

    Gatys et al. 2016, equation 4, with the mean in place of its constants. target: (1 or n, c, c).
    """

    layer: str
    target: Tensor
    weight: float
    where: Tensor | None = None

    def of(self, mean: Tensor, gram: Tensor) -> Tensor:  # noqa: ARG002 - a Gram matrix holds the mean
        """See OfMoments."""
        return self.weight * mean_squared(gram, self.target)


@dataclass(frozen=True)
class MomentsLoss(OfMoments):
    """weight x (|mean - mean*|^2 / |mean*|^2 + |cov - cov*|^2 / |cov*|^2) / 2 at one layer.

    Relative errors, so that deep and shallow layers, strong and faint styles, count alike. A style without
    contrast has no covariance; the divisor is kept above a thousandth of its Gram matrix. mean: (1 or n, c),
    gram: (1 or n, c, c).
    """

    layer: str
    mean: Tensor
    gram: Tensor
    weight: float
    where: Tensor | None = None

    def of(self, mean: Tensor, gram: Tensor) -> Tensor:
        """See OfMoments."""
        found = covariance(mean, gram)
        wanted = covariance(self.mean, self.gram)
        of_mean = mean_squared(mean, self.mean) / _energy(self.mean)
        of_covariance = mean_squared(found, wanted) / (_energy(wanted) + 1e-3 * _energy(self.gram))
        return self.weight * (of_mean + of_covariance) / 2


@dataclass(frozen=True)
class WassersteinLoss(OfMoments):
    """weight x W2^2(N(mean, cov), N(mean*, cov*)) / (|mean*|^2 + tr cov*) at one layer.

    The squared 2-Wasserstein distance of Gaussians with the features' moments, |mean - mean*|^2 + tr cov + tr cov* -
    2 tr (r cov r)^1/2 with r = cov*^1/2 (Dowson & Landau 1982, equation 16; as a style loss: K. Crowson's
    style-transfer-pytorch), relative to the style's own size. mean: (1, c), gram: (1, c, c).
    """

    layer: str
    mean: Tensor
    gram: Tensor
    weight: float
    where: Tensor | None = None

    def __post_init__(self) -> None:
        wanted = covariance(self.mean, self.gram)
        values, vectors = torch.linalg.eigh(wanted)
        root = vectors * values.clamp(min=0).sqrt().unsqueeze(1) @ vectors.transpose(1, 2)
        size = self.mean.square().mean(1) + _trace(wanted)
        object.__setattr__(self, "_parts", (root, _trace(wanted), size + 1e-12))

    def of(self, mean: Tensor, gram: Tensor) -> Tensor:
        """See OfMoments."""
        root, trace, size = self._parts  # type: ignore[attr-defined]
        found = covariance(mean, gram)
        common = torch.linalg.eigvalsh(root @ found @ root).clamp(min=_floor(trace)).sqrt().sum(1)
        distance = mean_squared(mean, self.mean) + _trace(found) + trace - 2 * common
        loss: Tensor = self.weight * distance / size
        return loss


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


def _energy(target: Tensor) -> Tensor:
    """Mean of squares over all but the first axis, (n,), never zero."""
    return target.square().flatten(1).mean(1) + 1e-12


def _trace(matrices: Tensor) -> Tensor:
    """Sum of the diagonal of each: (n, c, c) -> (n,)."""
    return matrices.diagonal(dim1=1, dim2=2).sum(1)


def _floor(trace: Tensor) -> float:
    """Below this an eigenvalue is rounding, and the root's slope would be without bound."""
    return 1e-8 * float(trace.square().mean().sqrt()) ** 2 + 1e-20
