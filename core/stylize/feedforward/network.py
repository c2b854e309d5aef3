"""Feed-forward transfer network: encoder, residual blocks, decoder, conditional instance normalisation per style.

An encoder, residual blocks at an eighth of the size, and a decoder, after Johnson et al. 2016 (arXiv 1603.08155), with
conditional instance normalisation: every style shares the convolutions and has its own scale and shift behind each of
them, its *embedding* (Dumoulin et al. 2017, arXiv 1610.07629, equation 5). What departs from them: pixels enter four at a
time, features of the encoder are added to the decoder's of the same size, and half the work is done at an eighth of the
size, where a stroke is a few values wide: 7.9 GFLOP at 512 x 269 in place of 42.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from core.networks import device as devices
from core.networks.backbone import FeatureMap, replicate_padded
from core.networks.transfer_flops import BLOCKS, REDUCTION, channels
from core.stylize.feedforward.instance_norm import Channels, restyled, styled
from core.stylize.feedforward.reflect_padding import PaddedFeatures, convolved, framed, rectified, summed

LEAST = 2 * REDUCTION
"""Sides that a picture has at least inside: mirroring needs two values a side."""
PictureBatch = Float[Tensor, "n 3 h w"]
Embedding = Float[Tensor, "n embedding"]


@dataclass
class NormStatistics:
    """Instance-norm statistics of one picture, to normalise another by: mean and reciprocal deviation, layer by layer."""

    layers: list[tuple[Channels, Channels]] = field(default_factory=list)


class TransferNetwork(nn.Module):
    """(n, 3, h, w) RGB in [0, 1] and an embedding a picture -> (n, 3, h, w) in (0, 1), of any size from 1x1."""

    def __init__(self, breadth: float = 1.0) -> None:
        """breadth: how many times as many channels as usual."""
        super().__init__()
        half, quarter, eighth, fine = channels(breadth)
        self.enter = ConvNormReLU(12, half)
        self.shrink1, self.shrink2 = ConvNormReLU(half, quarter, stride=2), ConvNormReLU(quarter, eighth, stride=2)
        self.blocks = nn.ModuleList(ResidualBlock(eighth) for _ in range(BLOCKS))
        self.grow1, self.grow2, self.grow3 = (
            UpsampleBlock(eighth, quarter),
            UpsampleBlock(quarter, half),
            UpsampleBlock(half, fine),
        )
        self.leave = OutputConv(fine)
        self.widths = tuple(norm.channels for norm in self.norms())

    @property
    def embedding_size(self) -> int:
        """Numbers in an embedding: scale (as what is added to 1) and shift of every normalised channel."""
        return 2 * sum(self.widths)

    def norms(self) -> Iterator[ConditionalNorm]:
        """Every normalisation, in the order in which a picture meets them and embeddings have them."""
        return (module for module in self.modules() if isinstance(module, ConditionalNorm))

    def forward(self, x: PictureBatch, embedding: Embedding, use: NormStatistics | None = None) -> PictureBatch:
        """Paint. `use`: normalise by the statistics of another picture, found by `statistics`, in place of x's own.

        Sides that are no multiple of 8 are continued by mirroring and cut off again.
        """
        return self._painted(x, embedding, use, None)

    @torch.no_grad()
    def statistics(self, x: PictureBatch, embedding: Embedding) -> NormStatistics:
        """Instance-norm statistics of x: painting x by them is painting x."""
        found = NormStatistics()
        self._painted(x, embedding, None, found)
        return found

    def _painted(
        self, x: PictureBatch, embedding: Embedding, use: NormStatistics | None, found: NormStatistics | None
    ) -> PictureBatch:
        height, width = x.shape[2:]
        style = _Style(embedding, self.widths, use, found)
        half = self.enter(framed(self._entering(x)), style)
        quarter = self.shrink1(half, style)
        y = self.shrink2(quarter, style)
        for block in self.blocks:
            y = block(y, style)
        y = self.grow3(self.grow2(self.grow1(y, style, quarter), style, half), style, None, self.leave.frame)
        return torch.sigmoid(self.leave(y.whole).float())[..., :height, :width]

    def _entering(self, x: PictureBatch) -> Float[Tensor, "n 12 h/2 w/2"]:
        """Pixels in -1..1, four at a time, in the type and layout of the convolutions."""
        x = mirrored_to(replicate_padded(x, LEAST), REDUCTION) * 2 - 1
        dtype = self.leave.weight.dtype
        layout = devices.memory_format(x.device, dtype, x.shape[2], x.shape[3])
        return F.pixel_unshuffle(x, 2).to(dtype).contiguous(memory_format=layout)


class _Style:
    """Deals scale and shift to one normalisation after another, and statistics where they are another picture's."""

    def __init__(
        self, embedding: Embedding, widths: Sequence[int], use: NormStatistics | None, found: NormStatistics | None
    ) -> None:
        parts = torch.split(embedding, [width for width in widths for _ in (0, 1)], dim=1)
        self._pairs = iter(zip(parts[0::2], parts[1::2], strict=True))
        self._use = iter(use.layers) if use else None
        self._found = found

    def applied(self, x: Tensor) -> Tensor:
        """x (n, c, h, w) normalised and styled: (1 + scale) (x - mean) / deviation + shift."""
        scale, shift = next(self._pairs)
        if self._use:
            return restyled(x, 1 + scale, shift, *next(self._use))
        y, mean, rstd = styled(x, 1 + scale, shift)
        if self._found is not None:
            self._found.layers.append((mean, rstd))
        return y


class ConditionalNorm(nn.Module):
    """Conditional instance normalisation of `channels`; it has no parameters of its own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor, style: _Style) -> Tensor:
        """x (n, channels, h, w) in the picture's style."""
        return style.applied(x)


class ReflectConv(nn.Conv2d):
    """Convolution over a reflect-padded input, which keeps its size: (n, inputs, h, w) -> (n, outputs, h / stride, w /
    stride), with a frame of half the kernel around what comes in.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, stride, bias=bias)
        nn.init.kaiming_normal_(self.weight)
        self.frame = kernel // 2


class OutputConv(ReflectConv):
    """The last convolution, to pixels."""

    def __init__(self, inputs: int) -> None:
        super().__init__(inputs, 3, 5)

    def forward(self, x: Tensor) -> FeatureMap:
        """(n, inputs, h, w), framed by 2 -> (n, 3, h, w)."""
        return convolved(x, self.weight, self.bias)


class ConvNormReLU(nn.Module):
    """Convolution, conditional normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv, self.norm = ReflectConv(inputs, outputs, stride=stride, bias=False), ConditionalNorm(outputs)

    def forward(self, x: PaddedFeatures, style: _Style, frame: int = 1) -> PaddedFeatures:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride), with a frame for the next convolution."""
        return rectified(self.norm(self.conv(x.whole), style), frame)


class ResidualBlock(nn.Module):
    """Residual block: x + two convolutions of it (He et al. 2016, without a ReLU behind the sum)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvNormReLU(channels, channels)
        self.conv, self.norm = ReflectConv(channels, channels, bias=False), ConditionalNorm(channels)

    def forward(self, x: PaddedFeatures, style: _Style) -> PaddedFeatures:
        """(n, channels, h, w) -> the same shape."""
        return summed(x.inner, self.norm(self.conv(self.first(x, style).whole), style))


class UpsampleBlock(nn.Module):
    """Nearest-neighbour upsampling by 2 between two convolutions, with a skip connection from the encoder.

    Repeating and then convolving leaves no chessboard, as transposed convolutions do (Odena et al. 2016).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv, self.norm = ReflectConv(inputs, outputs, bias=False), ConditionalNorm(outputs)
        self.last = ConvNormReLU(outputs, outputs)

    def forward(self, x: PaddedFeatures, style: _Style, skip: PaddedFeatures | None, frame: int = 1) -> PaddedFeatures:
        """(n, inputs, h, w) and the encoder's (n, outputs, 2 h, 2 w) -> (n, outputs, 2 h, 2 w)."""
        y = F.interpolate(self.conv(x.whole), scale_factor=2.0, mode="nearest")
        y = y if skip is None else y + skip.inner
        grown: PaddedFeatures = self.last(rectified(self.norm(y, style)), style, frame)
        return grown


def mirrored_to(x: Tensor, multiple: int) -> Tensor:
    """Reflect-pad x (n, c, h, w) at the right and below, to sides that are multiples."""
    down, right = -x.shape[2] % multiple, -x.shape[3] % multiple
    return F.pad(x, (0, right, 0, down), mode="reflect") if down or right else x
