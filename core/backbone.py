"""The backbone: VGG-19's convolutions as a feature extractor with named layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import device as devices
from core.errors import SpecError
from core.recipe import Recipe
from core.vgg19 import CONVS, LAYERS, Conv
from core.weights import Weights, load

Pooling = Literal["max", "average"]


class Backbone(nn.Module):
    """Activations of VGG-19 at chosen layers.

    Only the convolutions up to the deepest chosen layer exist. They compute in `dtype`, which the
    activations have too; what goes in is float32. Parameters need no gradient; the input may.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        weights: Weights,
        layers: Iterable[str],
        pooling: Pooling = "max",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.layers = tuple(sorted(set(layers), key=_depth))
        self.pooling = pooling
        self.dtype = dtype
        self.digest = weights.digest
        self.register_buffer("mean", torch.tensor(weights.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(weights.std).view(1, 3, 1, 1))
        self.used = _up_to(self.layers)
        self.convs = nn.ModuleDict({conv.relu: _module(conv, weights) for conv in self.used}).to(dtype)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The same as `features`."""
        return self.features(x)

    def features(self, x: Tensor, layers: Iterable[str] | None = None) -> dict[str, Tensor]:
        """Activations by layer name, shallow to deep, each (n, channels, height / 2^k, width / 2^k), in `dtype`.

        x: (n, 3, height, width), RGB in [0, 1], any size from 1x1. Stops at the deepest of `layers` (default:
        all that the backbone was made for). A picture with a side too short for the poolings on the way is
        first extended to the right and below by repeating its last column and row, until one value is left
        after the last pooling.
        """
        wanted = self.layers if layers is None else tuple(layers)
        used = _up_to(wanted)
        found: dict[str, Tensor] = {}
        x = self._prepared(extended(x, 2 ** (used[-1].block - 1)))
        for conv in used:
            if conv.number == 1 and conv.block > 1:
                x = self._pool(x)
            x = F.relu(self.convs[conv.relu](x), inplace=True)
            if conv.relu in wanted:
                found[conv.relu] = x
        return found

    def _prepared(self, x: Tensor) -> Tensor:
        """x normalised, in the type and the memory layout that suit its size."""
        layout = devices.memory_format(x.device, self.dtype, x.shape[2], x.shape[3])
        return ((x - self.mean) / self.std).to(self.dtype, memory_format=layout)

    def _pool(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, 2) if self.pooling == "max" else F.avg_pool2d(x, 2)


def for_recipe(recipe: Recipe, device: torch.device) -> Backbone:
    """The backbone that a recipe asks for, on a device. Raises SpecError for wrong weights or layers."""
    dtype = devices.dtype(recipe.precision, device)
    layers = (*recipe.content_layers, *recipe.style_layers)
    weights = load(recipe.weights, recipe.backbone)
    return Backbone(weights, layers, recipe.pooling, dtype).to(device)


def extended(x: Tensor, least: int) -> Tensor:
    """x (n, c, h, w) with its last row and column repeated until both sides are at least `least` pixels."""
    down, right = max(0, least - x.shape[2]), max(0, least - x.shape[3])
    return F.pad(x, (0, right, 0, down), mode="replicate") if down or right else x


def _up_to(layers: Iterable[str]) -> tuple[Conv, ...]:
    """The convolutions as far as the deepest of the layers."""
    return CONVS[: max(map(_depth, layers)) + 1]


def _module(conv: Conv, weights: Weights) -> nn.Conv2d:
    module = nn.Conv2d(conv.inputs, conv.outputs, 3, padding=1, device="meta")
    state = {name: weights.state[f"{conv.key}.{name}"] for name in ("weight", "bias")}
    module.load_state_dict(state, assign=True)
    return module.requires_grad_(False)


def _depth(layer: str) -> int:
    try:
        return LAYERS.index(layer)
    except ValueError:
        raise SpecError(f"VGG-19 has no layer {layer!r}; it has {', '.join(LAYERS)}.") from None
