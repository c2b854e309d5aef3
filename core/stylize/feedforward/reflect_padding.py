"""Reflect padding fused with ReLU and sums: features written once, inside the border that the next convolution reads.

Where no gradient is wanted a picture's values are written once, in the middle of their frame, in place of once by
themselves and once more with it. The values are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.networks.backbone import FeatureMap

COLUMNS = 4
"""Columns that `convolved` takes as one."""


@dataclass(frozen=True)
class PaddedFeatures:
    """Features (n, c, h, w), and the same reflect-padded by some pixels."""

    inner: FeatureMap
    whole: Tensor


def framed(x: FeatureMap, width: int = 1) -> PaddedFeatures:
    """x reflect-padded by so many pixels; h and w from width + 1."""
    return PaddedFeatures(x, _padded(x, width))


def rectified(x: FeatureMap, width: int = 1) -> PaddedFeatures:
    """ReLU of x, which may be overwritten, reflect-padded."""
    if _plainly(x):
        return framed(F.relu(x, inplace=True), width)
    found = _room(x, width)
    torch.clamp_min(x, 0, out=found.inner)
    return _mirrored(found, width)


def summed(x: FeatureMap, y: FeatureMap, width: int = 1) -> PaddedFeatures:
    """x + y, reflect-padded."""
    if _plainly(x):
        return framed(x + y, width)
    found = _room(y, width)
    torch.add(x, y, out=found.inner)
    return _mirrored(found, width)


def convolved(x: FeatureMap, weight: Float[Tensor, "o c k k"], bias: Float[Tensor, " o"] | None) -> FeatureMap:
    """A convolution to few channels, without a frame: (n, c, h, w) -> (n, o, h - k + 1, w - k + 1).

    COLUMNS neighbours are taken as channels of one, which costs nothing in channels_last: multiplications by the zeros of a
    weight that is larger, but on more channels, take half the time. Every value is the same sum.
    """
    o, c, k, _ = weight.shape
    n, _, h, w = x.shape
    if _plainly(x) or w % COLUMNS or (w - k + 1) % COLUMNS:
        return F.conv2d(x, weight, bias)
    wide = x.permute(0, 2, 3, 1).reshape(n, h, w // COLUMNS, COLUMNS * c).permute(0, 3, 1, 2)
    y = F.conv2d(wide, _for_columns(weight), None if bias is None else bias.repeat(COLUMNS))
    height, width = y.shape[2:]
    return y.permute(0, 2, 3, 1).reshape(n, height, width * COLUMNS, o).permute(0, 3, 1, 2)


def _for_columns(weight: Float[Tensor, "o c k k"]) -> Tensor:
    """The weight by which COLUMNS columns are made at once, of the groups of columns that they read: zero where one reads
    nothing of a column, (COLUMNS o, COLUMNS c, k, groups).
    """
    o, c, k, _ = weight.shape
    groups = -(-(COLUMNS + k - 1) // COLUMNS)
    found = weight.new_zeros((COLUMNS, o, groups * COLUMNS, c, k))
    for column in range(COLUMNS):
        found[column, :, column : column + k] = weight.permute(0, 3, 1, 2)
    wide = found.view(COLUMNS * o, groups, COLUMNS * c, k).permute(0, 2, 3, 1)
    return wide.contiguous(memory_format=torch.channels_last)


def _plainly(x: Tensor) -> bool:
    """Whether plain operations are wanted: for a gradient, on a device whose kernels are other ones, in a graph."""
    return torch.is_grad_enabled() or x.device.type != "cpu" or torch.compiler.is_compiling()


def _room(x: Tensor, width: int) -> PaddedFeatures:
    n, c, h, w = x.shape
    last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    layout = torch.channels_last if last else torch.contiguous_format
    whole = torch.empty((n, c, h + 2 * width, w + 2 * width), dtype=x.dtype, memory_format=layout)
    return PaddedFeatures(whole[..., width : width + h, width : width + w], whole)


def _mirrored(found: PaddedFeatures, width: int) -> PaddedFeatures:
    """Fill the frame from what it frames: left and right first, then above and below, corners with them."""
    for dim in (3, 2):
        last = found.whole.shape[dim] - 1
        for step in range(1, width + 1):
            for edge, inwards in ((width, 1), (last - width, -1)):
                there = found.whole.select(dim, edge - step * inwards)
                there.copy_(found.whole.select(dim, edge + step * inwards))
    return found


def _padded(x: FeatureMap, width: int) -> Tensor:
    if not x.is_cuda:
        return F.pad(x, (width,) * 4, mode="reflect")
    return mirror_padded(x, width)


class _MirrorPad(torch.autograd.Function):
    """A reflecting pad by joins and sums of edges: CUDA's own adds up its gradient in any order, and is NCHW alone."""

    @staticmethod
    def forward(ctx: Any, x: FeatureMap, width: int) -> Tensor:
        """x (n, c, h, w) with `width` mirrored pixels around it, in its layout."""
        ctx.width = width
        for dim in (2, 3):
            last = x.shape[dim] - 1
            before, after = (_flipped(x.narrow(dim, at, width), dim) for at in (1, last - width))
            x = torch.cat([before, x, after], dim)
        return x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[FeatureMap, None]:
        """Each pixel's own gradient and those of its mirror images, in the layout of what comes."""
        width = ctx.width
        for dim in (3, 2):
            inside = gradient.shape[dim] - 2 * width
            inner = gradient.narrow(dim, width, inside).clone(memory_format=torch.preserve_format)
            for at, edge in ((1, 0), (inside - 1 - width, inside + width)):
                inner.narrow(dim, at, width).add_(_flipped(gradient.narrow(dim, edge, width), dim))
            gradient = inner
        return gradient, None


def mirror_padded(x: FeatureMap, width: int) -> Tensor:
    """The same values as a reflecting pad, by the operations that CUDA is given."""
    padded: Tensor = _MirrorPad.apply(x, width)
    return padded


def _flipped(x: Tensor, dim: int) -> Tensor:
    return x if x.shape[dim] == 1 else x.flip(dim)
