"""Spatial guidance: style losses over the features of a region, by position weights at each layer.

Spatial guidance by guided Gram matrices (Gatys et al. 2017, arXiv 1611.07865, section 4): at every layer, a region's
moments are those of the positions in it. One picture is optimised against all of them, so that strokes meet at an edge as
they do within a region, and nothing has to be stitched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from core.networks.backbone import Backbone
from core.stylize.images.masks import fitted

LEAST_POSITIONS = 1.0
"""Positions of a layer, counted by their weights, below which a region has no moments there to speak of."""


Where = Mapping[str, Tensor | None]
"""By layer, how much each position (1, h, w) counts; None where there is none."""


@dataclass(frozen=True)
class Region:
    """Pixel weights of a style: how much it is wanted at every pixel (h, w) of the asset, in [0, 1]."""

    pixels: Tensor

    def at(self, layers: Iterable[str], asset: Tensor, backbone: Backbone) -> Where:
        """How much the positions of each layer count, for the asset (3, h, w) at the size of a level."""
        size = asset.shape[1], asset.shape[2]
        pixels = fitted(self.pixels.unsqueeze(0), *size).to(asset.device)
        found = {layer: cut(pixels, backbone.size(layer, *size), backbone.reduction(layer)) for layer in layers}
        return {layer: each if float(each.sum()) >= LEAST_POSITIONS else None for layer, each in found.items()}


def cut(planes: Tensor, size: tuple[int, int], reduction: int) -> Tensor:
    """Planes (n, h, w) of pixels at the positions of a layer of `size` (height, width), each the mean of those pixels
    that it stands for.
    """
    down, right = (side * reduction - have for side, have in zip(size, planes.shape[1:], strict=True))
    framed = F.pad(planes.unsqueeze(0), (0, max(0, right), 0, max(0, down)), mode="replicate")
    return F.avg_pool2d(framed[..., : size[0] * reduction, : size[1] * reduction], reduction)[0]
