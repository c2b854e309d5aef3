"""Conditional instance normalisation with a gradient of its own.

torch's gradient of a group norm reads channels_last tensors channel by channel: it took half the time of a training step.
On CUDA torch's group norm refuses channels_last (until 2.11) or copies it to the other layout: there means and deviations
are taken by plain reductions, which keep it.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from core.networks.backbone import FeatureMap

EPSILON = 1e-5
"""Added to variances (Dumoulin et al. 2017)."""

Channels = Float[Tensor, "n c"]


class _Styled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: FeatureMap, factor: Channels, shift: Channels) -> tuple[FeatureMap, Channels, Channels]:
        """See `styled`."""
        y, mean, rstd = _normalised(x)
        ctx.save_for_backward(x, factor, mean, rstd)
        ctx.mark_non_differentiable(mean, rstd)
        ctx.set_materialize_grads(False)
        return torch.addcmul(_wide(shift, y), y, _wide(factor, y)).to(x.dtype), mean, rstd

    @staticmethod
    def backward(ctx: Any, of_y: FeatureMap, *_: Tensor) -> tuple[FeatureMap, Channels, Channels]:
        """dx = a (dy - mean(dy) - z mean(dy z)) with z the normalised x and a = factor / deviation."""
        x, factor, mean, rstd = ctx.saved_tensors
        centred = x - _wide(mean, x)
        total = of_y.sum((2, 3), dtype=torch.float32)
        along = (of_y * centred).sum((2, 3), dtype=torch.float32) * rstd
        count = x.shape[2] * x.shape[3]
        a = factor * rstd
        if x.is_cuda:  # fewer kernels, other roundings
            share = a * (-1 / count)
            shares = torch.stack([share * total, share * rstd * along, a]).to(x.dtype).unsqueeze(3).unsqueeze(4)
            return torch.addcmul(torch.addcmul(shares[0], centred, shares[1]), of_y, shares[2]), along, total
        rest = torch.addcmul(_wide(-a * total / count, x), centred, _wide(-a * rstd * along / count, x))
        return torch.addcmul(rest, of_y, _wide(a, x)), along, total


def _normalised(x: FeatureMap) -> tuple[FeatureMap, Channels, Channels]:
    """x less its mean, by its deviation, each channel of each item by its own; the means and the reciprocal deviations."""
    if x.is_cuda:
        return normalised_by_reductions(x)
    n, c, h, w = x.shape
    y, mean, rstd = torch.native_group_norm(x, None, None, n, c, h * w, c, EPSILON)
    return y, mean.float(), rstd.float()


def normalised_by_reductions(x: FeatureMap) -> tuple[FeatureMap, Channels, Channels]:
    """The same by plain reductions, in float32 and in the layout of x: variance around the mean, so that little is lost."""
    values = x.float()
    variance, mean = torch.var_mean(values, (2, 3), correction=0)
    rstd = (variance + EPSILON).rsqrt()
    return (values - _wide(mean, values)) * _wide(rstd, values), mean, rstd


def styled(x: FeatureMap, factor: Channels, shift: Channels) -> tuple[FeatureMap, Channels, Channels]:
    """factor (x - mean) / deviation + shift, each channel of each item by its own mean and deviation over positions.

    Dumoulin et al. 2017 (arXiv 1610.07629), equation 5. Returns also the means and the reciprocals of the deviations,
    (n, c), float32. x may be bfloat16: sums are float32.
    """
    if not (torch.is_grad_enabled() or x.is_cuda):
        return _styled_at_once(x, factor, shift)
    y, mean, rstd = _Styled.apply(x, factor, shift)
    return y, mean, rstd


def _styled_at_once(x: FeatureMap, factor: Channels, shift: Channels) -> tuple[FeatureMap, Channels, Channels]:
    """The same in half the time, each value read and rounded once less; an item at a time, as each has its own style."""
    _, c, h, w = x.shape
    dtype = torch.promote_types(x.dtype, torch.float32)
    items = zip(torch.split(x, 1), factor.to(dtype), shift.to(dtype), strict=True)
    found = [torch.native_group_norm(item, scale, bias, 1, c, h * w, c, EPSILON) for item, scale, bias in items]
    y, mean, rstd = (parts[0] if len(parts) == 1 else torch.cat(parts) for parts in zip(*found, strict=True))
    return y, mean.float(), rstd.float()


def restyled(x: FeatureMap, factor: Channels, shift: Channels, mean: Channels, rstd: Channels) -> FeatureMap:
    """The same by another picture's means and reciprocal deviations."""
    scale = factor * rstd
    return torch.addcmul(_wide(shift - mean * scale, x), x, _wide(scale, x))


def _wide(channels: Channels, like: FeatureMap) -> Tensor:
    return channels.to(like.dtype).unsqueeze(2).unsqueeze(3)
