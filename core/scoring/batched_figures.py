"""Figures of several outputs that are looked at in one frame, by one pass of the network and one read of the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.networks.delayed_read import DelayedRead
from core.networks.efficientnet import Activations
from core.scoring.grams import Grams, gram_distances, grams_by_part, relative_distance

TOP = 5
"""Classes of a picture that are compared."""


@dataclass(frozen=True)
class MapComparison:
    """What an output's maps are compared with: directions (c, h, w) and weights (h, w) of the asset's content maps, its Gram
    matrices, and those (c, c) of the style, map by map.
    """

    content: Sequence[tuple[Tensor, Tensor]]
    asset: Grams
    style: Sequence[Tensor]


@dataclass(frozen=True)
class OutputFigures:
    """Of one output: content distance, style distance of all of it and of its quarters, classes, pooled features (1280,)."""

    content_distance: float
    style_distance: float
    quarters: tuple[float, ...]
    top_classes: tuple[int, ...]
    pooled: Tensor


def figures(
    found: Activations, content_maps: Sequence[str], style_maps: Sequence[str], compared: Sequence[MapComparison]
) -> list[OutputFigures]:
    """The figures of outputs (n) by what the network made of them; all values are read at once."""
    contents = [
        _content_distances(found.maps[name], [each.content[place] for each in compared])
        for place, name in enumerate(content_maps)
    ]
    matrices = [
        torch.cat([grams_by_part(found.maps[name]), torch.stack([_parts(each.asset, place) for each in compared])], 1)
        for place, name in enumerate(style_maps)
    ]
    styles = [torch.stack([each.style[place] for each in compared]) for place in range(len(style_maps))]
    classes = found.logits.topk(TOP).indices.float()
    packed = [torch.stack(contents, 1), gram_distances(matrices, styles), classes, found.pooled.float()]
    rows = torch.split(DelayedRead(torch.cat(packed, 1)).take(), [each.shape[1] for each in packed], 1)
    return [_figures(*(part[number] for part in rows)) for number in range(len(compared))]


def _parts(asset: Grams, place: int) -> Tensor:
    """The matrices (5, c, c) of an asset at a map: of all of it and of its quarters."""
    return torch.cat([asset.whole[place].unsqueeze(0), asset.quarters[place]])


def _content_distances(features: Tensor, assets: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """Of each output 1 - the mean cosine between its features (n, c, h, w) and its asset's, by that one's energy: (n,)."""
    inner = features[..., 1:-1, 1:-1]
    centred = inner - inner.mean((2, 3), keepdim=True)
    directions = torch.nn.functional.normalize(centred, dim=1).half().float()
    wanted = torch.stack([asset for asset, _ in assets]).float()
    weights = torch.stack([weight for _, weight in assets])
    return (weights * (wanted * (wanted - directions)).sum(1)).sum((1, 2))


def _figures(contents: Tensor, distances: Tensor, classes: Tensor, pooled: Tensor) -> OutputFigures:
    made, asset = distances.view(2, -1).tolist()
    whole, *quarters = map(relative_distance, made, asset)
    content = sum(max(0.0, each) for each in contents.tolist()) / len(contents)
    return OutputFigures(content, whole, tuple(quarters), tuple(int(each) for each in classes.tolist()), pooled)
