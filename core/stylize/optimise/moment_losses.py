"""Style losses over first and second moments of features: Gram matrices, relative moments, Wasserstein of Gaussians."""

from __future__ import annotations

import torch
from torch import Tensor

from core.networks.backbone import FeatureMap
from core.stylize.optimise.losses import mean_squared
from core.stylize.optimise.moments import Weights, covariance, moments
from core.stylize.optimise.style_loss import Comparison, StyleLoss, Target


class _OfMoments(StyleLoss):
    """A loss that sees a layer through its moments alone: `mean` (n, c) and `gram` (n, c, c)."""

    kind = "moments"
    tiled = True

    def target(self, features: FeatureMap, where: Weights | None = None) -> Target:
        """Mean and Gram matrix of the features."""
        mean, gram = moments(features, where)
        return {"mean": mean, "gram": gram}


class GramLoss(_OfMoments):
    """weight x mean (G - A)^2: the Gram matrix nears the style's.

    Gatys et al. 2016, equation 4, with the mean in place of its constants.
    """

    def comparison(self, target: Target, weight: float) -> Comparison:
        """See StyleLoss."""
        return lambda found: weight * mean_squared(found["gram"], target["gram"])


class MomentsLoss(_OfMoments):
    """weight x (|mean - mean*|^2 / |mean*|^2 + |cov - cov*|^2 / |cov*|^2) / 2.

    Relative errors, so that deep and shallow layers, strong and faint styles, count alike. A style without
    contrast has no covariance; the divisor is kept above a thousandth of its Gram matrix.
    """

    def comparison(self, target: Target, weight: float) -> Comparison:
        """See StyleLoss."""
        wanted = covariance(target["mean"], target["gram"])
        energy = _energy(target["mean"])
        energy_of_covariance = _energy(wanted) + 1e-3 * _energy(target["gram"])

        def loss(found: Target) -> Tensor:
            own = covariance(found["mean"], found["gram"])  # first: gradients of the mean add up in the order of use
            of_mean = mean_squared(found["mean"], target["mean"]) / energy
            of_covariance = mean_squared(own, wanted) / energy_of_covariance
            return weight * (of_mean + of_covariance) / 2

        return loss


class WassersteinLoss(_OfMoments):
    """weight x W2^2(N(mean, cov), N(mean*, cov*)) / (|mean*|^2 + tr cov*).

    The squared 2-Wasserstein distance of Gaussians with the features' moments, |mean - mean*|^2 + tr cov + tr cov* -
    2 tr (r cov r)^1/2 with r = cov*^1/2 (Dowson & Landau 1982, equation 16; as a style loss: K. Crowson's
    style-transfer-pytorch), relative to the style's own size.
    """

    def comparison(self, target: Target, weight: float) -> Comparison:
        """See StyleLoss."""
        wanted = covariance(target["mean"], target["gram"])
        values, vectors = torch.linalg.eigh(wanted)
        root = vectors * values.clamp(min=0).sqrt().unsqueeze(1) @ vectors.transpose(1, 2)
        trace = _trace(wanted)
        floor = _floors(trace)
        size = target["mean"].square().mean(1) + trace + 1e-12

        def loss(found: Target) -> Tensor:
            own = covariance(found["mean"], found["gram"])
            common = torch.linalg.eigvalsh(root @ own @ root).clamp(min=floor).sqrt().sum(1)
            distance = mean_squared(found["mean"], target["mean"]) + _trace(own) + trace - 2 * common
            scaled: Tensor = weight * distance / size
            return scaled

        return loss


def _energy(target: Tensor) -> Tensor:
    """Mean of squares over all but the first axis, (n,), never zero."""
    return target.square().flatten(1).mean(1) + 1e-12


def _trace(matrices: Tensor) -> Tensor:
    """Sum of the diagonal of each: (n, c, c) -> (n,)."""
    return matrices.diagonal(dim1=1, dim2=2).sum(1)


def _floors(traces: Tensor) -> Tensor:
    """Below this an eigenvalue of each is rounding, and the root's slope would be without bound: (n,) -> (n, 1)."""
    return (1e-8 * traces.square().sqrt().double().square() + 1e-20).to(traces).unsqueeze(1)
