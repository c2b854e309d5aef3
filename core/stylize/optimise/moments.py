"""First and second moment of features over their positions, and their gradient, in one pass each.

Left to autograd, the moments of five layers cost more than the whole network does in bfloat16: the matrices are
multiplied in float32, and gradients of two layouts are added. Here the products are taken in the features' own type, in
blocks of positions whose sums are float32, so that little is lost: entries err by about a thousandth of the largest.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from core.networks.backbone import FeatureMap

BLOCKS = 64
"""Blocks of positions that a picture is cut into at most."""
LEAST_POSITIONS = 512
"""Positions in a block, at least: fewer would take longer to add up than to multiply."""

Mean = Float[Tensor, "n c"]
Gram = Float[Tensor, "n c c"]
Weights = Float[Tensor, "n h w"]

LEAST_WEIGHT = 1e-12
"""Sum of weights below which there is nothing to divide by: the moments are zero then."""


class _Moments(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: FeatureMap, weights: Weights | None) -> tuple[Mean, Gram]:
        """See `moments`."""
        ctx.save_for_backward(features, weights)
        n, c, h, w = features.shape
        rows = _rows(features)
        shares = None if weights is None else _column(weights, features.dtype)
        long = max(LEAST_POSITIONS, -(-h * w // BLOCKS))
        whole = h * w // long * long
        kind = torch.promote_types(features.dtype, torch.float32)
        means, grams = list[Tensor](), list[Tensor]()
        for part, count in ((slice(None, whole), whole // long), (slice(whole, None), 1)):
            if rows[:, part].shape[1]:
                blocks = rows[:, part].reshape(n * count, -1, c)
                ones = blocks.new_ones(1, 1, blocks.shape[1]).expand(n * count, -1, -1)
                weighted = blocks if shares is None else blocks * shares[:, part].reshape(n * count, -1, 1)
                means.append(torch.bmm(ones, weighted).view(n, count, c).sum(1, dtype=kind))
                grams.append(torch.bmm(blocks.transpose(1, 2), weighted).view(n, count, c, c).sum(1, dtype=kind))
        total = _total(features, weights)
        of_grams = c * total.unsqueeze(2) if isinstance(total, Tensor) else c * total
        return functools.reduce(torch.add, means) / total, functools.reduce(torch.add, grams) / of_grams

    @staticmethod
    def backward(ctx: Any, of_mean: Mean, of_gram: Gram) -> tuple[FeatureMap, None]:
        """The gradient in the features, in their type, from those in the mean and the Gram matrix."""
        features, weights = ctx.saved_tensors
        total = _total(features, weights)
        of_grams = features.shape[1] * (total.unsqueeze(2) if isinstance(total, Tensor) else total)
        both = ((of_gram + of_gram.transpose(1, 2)) / of_grams).to(features.dtype)
        gradient = torch.bmm(_rows(features), both).add_((of_mean / total).to(features.dtype).unsqueeze(1))
        if weights is not None:
            gradient *= _column(weights, features.dtype)
        return gradient.transpose(1, 2).view(features.shape), None


def moments(features: FeatureMap, weights: Weights | None = None) -> tuple[Mean, Gram]:
    """Mean (n, c) and Gram matrix F F^T / (c h w), (n, c, c), of features (n, c, h, w) over their positions.

    The Gram matrix is Gatys et al. 2016, equation 3, which does not divide; dividing makes pictures of different sizes
    comparable. float32 even of bfloat16; the gradient has the features' type.

    `weights` (n, h, w), 0 or more, say how much each position counts, in place of all alike: Gatys et al. 2017 (arXiv
    1611.07865), section 4, with the sum of weights in place of h w. No gradient goes to them. Where they are all zero,
    so are the moments.
    """
    mean, gram = _Moments.apply(features, weights)
    return mean, gram


def covariance(mean: Mean, gram: Gram) -> Gram:
    """Covariance / c (n, c, c) of features with this mean (n, c) and Gram matrix (n, c, c)."""
    return gram - mean.unsqueeze(2) * mean.unsqueeze(1) / mean.shape[1]


def weight_of(features: FeatureMap, weights: Weights) -> Float[Tensor, " n"]:
    """Sum of the weights (n, h, w) as the moments of such features know them: rounded to their type."""
    kind = torch.promote_types(features.dtype, torch.float32)
    return weights.to(features.dtype).flatten(1).sum(1, dtype=kind)


def _rows(features: FeatureMap) -> Float[Tensor, "n hw c"]:
    """A view with a row a position, in either memory layout."""
    return features.flatten(2).transpose(1, 2)


def _column(weights: Weights, kind: torch.dtype) -> Float[Tensor, "n hw 1"]:
    return weights.flatten(1).unsqueeze(2).to(kind)


def _total(features: FeatureMap, weights: Weights | None) -> Float[Tensor, "n 1"] | float:
    """What the sums are divided by, float32 or better."""
    kind = torch.promote_types(features.dtype, torch.float32)
    if weights is None:
        return float(features.shape[2] * features.shape[3])
    return weight_of(features, weights).to(kind).unsqueeze(1).clamp(min=LEAST_WEIGHT)
