"""First and second moment of features over their positions, and their gradient, in one pass each.

Left to autograd, the moments of five layers cost more than the whole network does in bfloat16: the matrices are
multiplied in float32, and gradients of two layouts are added. Here the products are taken in the features' own type, in
blocks of positions whose sums are float32, so that little is lost: entries err by about a thousandth of the largest.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

BLOCKS = 64
"""Blocks of positions that a picture is cut into at most."""
LEAST_POSITIONS = 512
"""Positions in a block, at least: fewer would take longer to add up than to multiply."""

Features = Float[Tensor, "n c h w"]
Mean = Float[Tensor, "n c"]
Gram = Float[Tensor, "n c c"]


class _Moments(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Features) -> tuple[Mean, Gram]:
        ctx.save_for_backward(features)
        n, c, h, w = features.shape
        rows = _rows(features)
        long = max(LEAST_POSITIONS, -(-h * w // BLOCKS))
        whole = h * w // long * long
        kind = torch.promote_types(features.dtype, torch.float32)
        mean, gram = features.new_zeros(n, c, dtype=kind), features.new_zeros(n, c, c, dtype=kind)
        for part, count in ((rows[:, :whole], whole // long), (rows[:, whole:], 1)):
            if part.shape[1]:
                blocks = part.reshape(n * count, -1, c)
                ones = blocks.new_ones(1, 1, blocks.shape[1]).expand(n * count, -1, -1)
                mean += torch.bmm(ones, blocks).view(n, count, c).sum(1, dtype=kind)
                gram += torch.bmm(blocks.transpose(1, 2), blocks).view(n, count, c, c).sum(1, dtype=kind)
        return mean / (h * w), gram / (c * h * w)

    @staticmethod
    def backward(ctx: Any, of_mean: Mean, of_gram: Gram) -> Features:
        (features,) = ctx.saved_tensors
        c, h, w = features.shape[1:]
        both = ((of_gram + of_gram.transpose(1, 2)) / (c * h * w)).to(features.dtype)
        gradient = torch.bmm(_rows(features), both).add_((of_mean / (h * w)).to(features.dtype).unsqueeze(1))
        return gradient.transpose(1, 2).view(features.shape)


def moments(features: Features) -> tuple[Mean, Gram]:
    """Mean (n, c) and Gram matrix F F^T / (c h w), (n, c, c), of features (n, c, h, w) over their positions.

    The Gram matrix is Gatys et al. 2016, equation 3, which does not divide; dividing makes pictures of different sizes
    comparable. float32 even of bfloat16; the gradient has the features' type.
    """
    mean, gram = _Moments.apply(features)
    return mean, gram


def covariance(mean: Mean, gram: Gram) -> Gram:
    """Covariance / c (n, c, c) of features with this mean (n, c) and Gram matrix (n, c, c)."""
    return gram - mean.unsqueeze(2) * mean.unsqueeze(1) / mean.shape[1]


def _rows(features: Features) -> Float[Tensor, "n hw c"]:
    """A view with a row a position, in either memory layout."""
    return features.flatten(2).transpose(1, 2)
