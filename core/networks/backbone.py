"""The backbone: VGG's or ResNet's convolutions as a feature extractor with named layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from core.errors import SpecError
from core.networks import device as devices
from core.networks.architecture import BACKBONES, NORM_PARTS, BackboneStage, Convolution, Smoothing
from core.networks.weights import Weights

Pooling = Literal["max", "average"]

FeatureMap = Float[Tensor, "n c h w"]
"""Activations of one layer."""

NORM_EPSILON = 1e-5
"""Added to the variance by torchvision's batch norms."""

DEEP_FROM, DEEP_SCALE = 16, 0.001
"""`scale` multiplies layers whose values stand for so many pixels a side, ResNet's layer3 and layer4, by this: what the
published code of Wang et al. 2021 does in place of the paper's softmax.
"""


class Backbone(nn.Module):
    """Activations of a pretrained network at chosen layers.

    Only the convolutions up to the deepest chosen layer exist. They compute in `dtype`, which the
    activations have too; what goes in is float32. Parameters need no gradient; the input may. Batch norms are
    those of evaluation mode, folded into the convolutions. Activations are smoothed on their way out alone: what
    the next layer sees is the network's own. Raises SpecError for a layer that the network has not.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        weights: Weights,
        layers: Iterable[str],
        pooling: Pooling = "max",
        dtype: torch.dtype = torch.float32,
        smoothing: Smoothing = "none",
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        self.architecture = BACKBONES[weights.backbone]
        used = self._up_to(layers := set(layers))
        self.layers = tuple(step.layer for step in used if step.layer in layers)
        self.pooling = pooling
        self.smoothing, self.temperature = smoothing, temperature
        self.dtype = dtype
        self.digest = weights.digest
        self.register_buffer("mean", torch.tensor(weights.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(weights.std).view(1, 3, 1, 1))
        self.stages = nn.ModuleDict({step.layer: _Stage(step, weights.state) for step in used}).to(dtype)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The same as `features`."""
        return self.features(x)

    def features(self, x: Tensor, layers: Iterable[str] | None = None) -> dict[str, Tensor]:
        """Activations by layer name, shallow to deep, each (n, channels, height / 2^k, width / 2^k), in `dtype`.

        x: (n, 3, height, width), RGB in [0, 1], any size from 1x1. Stops at the deepest of `layers` (default:
        all that the backbone was made for). For VGG, a picture with a side too short for the poolings on the
        way is first extended to the right and below by repeating its last column and row, until one value is
        left after the last pooling; ResNet pads its poolings, and rounds sizes up.
        """
        wanted = self.layers if layers is None else tuple(layers)
        used = self._up_to(wanted)
        found: dict[str, Tensor] = {}
        x = self._prepared(x if self.architecture.pool.padding else replicate_padded(x, used[-1].reduction))
        for step in used:
            x = self.stages[step.layer](self._pool(x) if step.pooled else x)
            if step.layer in wanted:
                found[step.layer] = smoothed(x, self.smoothing, self.temperature, step.reduction)
        return found

    @property
    def about(self) -> tuple[Any, ...]:
        """What decides the activations of a picture, but for the engine."""
        smoothing = (self.smoothing, self.temperature)
        return (self.architecture.name, self.digest, self.pooling, *smoothing, str(self.dtype))

    def reduction(self, layer: str) -> int:
        """A value of the layer stands for this many pixels a side."""
        return self._up_to([layer])[-1].reduction

    def size(self, layer: str, height: int, width: int) -> tuple[int, int]:
        """Height and width of a layer of a picture of this size, where all of the backbone's layers are asked for."""
        reduction, least = self.reduction(layer), max(map(self.reduction, self.layers))
        if self.architecture.pool.padding:
            return -(-height // reduction), -(-width // reduction)
        return max(height, least) // reduction, max(width, least) // reduction

    def _up_to(self, layers: Iterable[str]) -> tuple[BackboneStage, ...]:
        try:
            return self.architecture.up_to(*layers)
        except ValueError as error:
            raise SpecError(f"{error}.") from None

    def _prepared(self, x: Tensor) -> Tensor:
        """x normalised, in the type and the memory layout that suit its size."""
        layout = devices.memory_format(x.device, self.dtype, x.shape[2], x.shape[3])
        return ((x - self.mean) / self.std).to(self.dtype, memory_format=layout)

    def _pool(self, x: Tensor) -> Tensor:
        pool = self.architecture.pool
        if self.pooling == "max":
            return F.max_pool2d(x, pool.kernel, pool.stride, pool.padding)
        return F.avg_pool2d(x, pool.kernel, pool.stride, pool.padding, count_include_pad=False)


class _Stage(nn.Module):
    """One step of an architecture: (n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""

    def __init__(self, step: BackboneStage, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(_module(conv, state) for conv in step.convs)
        self.shortcut = _module(step.shortcut, state) if step.shortcut else None
        self.residual = step.residual

    def forward(self, x: Tensor) -> Tensor:
        """The step's activations."""
        first, *others = self.convs
        y = first(x)
        for conv in others:
            y = conv(F.relu(y, inplace=True))
        if self.residual:
            y = y + (self.shortcut(x) if self.shortcut else x)
        return F.relu(y, inplace=True)


def replicate_padded(x: Tensor, least: int) -> Tensor:
    """x (n, c, h, w) with its last row and column repeated until both sides are at least `least` pixels."""
    down, right = max(0, least - x.shape[2]), max(0, least - x.shape[3])
    return F.pad(x, (0, right, 0, down), mode="replicate") if down or right else x


def smoothed(x: Tensor, kind: Smoothing, temperature: float = 1.0, reduction: int = 1) -> Tensor:
    """Activations x (n, c, h, w) of a layer with `reduction` pixels a value and side, made less peaky (Wang, Li &
    Vasconcelos, CVPR 2021).

    `softmax` is the paper's, of x / temperature over all c h w values of an item, times c h w: its mean is 1 for a
    picture of any size, where the paper's shrinks with the size. `scale` is the code's: deep layers a thousandth.
    """
    if kind == "softmax":
        scaled = x.float() / temperature
        powers = (scaled - scaled.detach().amax((1, 2, 3), keepdim=True)).exp()
        return (powers / powers.mean((1, 2, 3), keepdim=True)).to(x.dtype)
    return x * DEEP_SCALE if kind == "scale" and reduction >= DEEP_FROM else x


def _module(conv: Convolution, state: Mapping[str, Tensor]) -> nn.Conv2d:
    module = nn.Conv2d(conv.inputs, conv.outputs, conv.kernel, conv.stride, conv.kernel // 2, device="meta")
    kernel, bias = _folded(conv, state) if conv.norm else (state[f"{conv.key}.{part}"] for part in ("weight", "bias"))
    module.load_state_dict({"weight": kernel, "bias": bias}, assign=True)
    return module.requires_grad_(False)


def _folded(conv: Convolution, state: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Kernel and bias of a convolution together with its batch norm: the norm's scale and shift, in double precision."""
    gamma, beta, mean, variance = (state[f"{conv.norm}.{part}"].double() for part in NORM_PARTS)
    scale = gamma / (variance + NORM_EPSILON).sqrt()
    kernel = state[f"{conv.key}.weight"].double() * scale.view(-1, 1, 1, 1)
    return kernel.float(), (beta - mean * scale).float()
