"""Tiled loss and gradient of a picture too large for one pass of the network: those of the whole, tile by tile.

A `tiled` style loss sees a picture through means over positions alone, and those of the whole are means of its tiles'.
So a pass goes over the tiles twice: forward, for the target of the whole picture and the loss's slope in it; then
forward and backward, each tile by that same slope. The gradients add up to that of the whole picture: no tile has a target
of its own, nothing has to be blended, and no seam can show but by what features at a tile's border see of its frame. The
frame is repeated from the picture's own pixels, HALO wide, and wide enough for most of what the deepest layers see. Any
other style loss gets the features of the whole, put together from its tiles, and each tile goes backward by its part of
the slope in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.networks.backbone import Backbone
from core.stylize.images.tile_spans import TileSpan, spans
from core.stylize.optimise.losses import PIXELS, ContentLoss, Loss, RangeLoss, total
from core.stylize.optimise.moments import Weights, weight_of
from core.stylize.optimise.style_loss import StyleLoss, StyleTerm, Target

ALIGN = 32
"""Tiles begin at multiples of this many pixels: those that one value of the deepest layer of any backbone stands for."""
SIDE = 1024
"""Side of a tile without its frame in pixels, at most."""
HALO = 96
"""Width of the frame: half of what a value of VGG-19's relu5_1 sees (196 pixels)."""


@dataclass(frozen=True)
class Tile:
    """A part of a picture: its rows and its columns."""

    rows: TileSpan
    columns: TileSpan

    @property
    def framed(self) -> tuple[slice, slice, slice]:
        """Where its pixels are in a picture (3, h, w)."""
        return slice(None), slice(self.rows.low, self.rows.high), slice(self.columns.low, self.columns.high)

    def inside(self, features: Tensor, reduction: int) -> Tensor:
        """The part without its frame of the framed tile's features (1, c, h, w), a view."""
        return features[..., self.rows.inside(reduction), self.columns.inside(reduction)]

    def of_whole(self, features: Tensor, reduction: int) -> Tensor:
        """The same part of the whole picture's features (1, c, h, w), a view."""
        return features[..., self.rows.of_whole(reduction), self.columns.of_whole(reduction)]


@dataclass(frozen=True)
class TargetRequest:
    """A target that is wanted: by which loss, of which layer, and with what weights (1, h, w) of the whole picture's
    positions, if any.
    """

    loss: StyleLoss
    layer: str
    where: Weights | None = None

    def of_tile(self, tile: Tile, inner: Mapping[str, Tensor], backbone: Backbone) -> tuple[Target, float]:
        """The target of a tile's features, and its positions, or the sum of their weights."""
        features = inner[self.layer]
        where = None if self.where is None else tile.of_whole(self.where, backbone.reduction(self.layer))
        count = features[0, 0].numel() if where is None else float(weight_of(features, where))
        return self.loss.target(features, where), count


@dataclass(frozen=True)
class TiledTarget:
    """The target of a whole picture, as the mean over its tiles, and how many positions it is of, or the sum of their
    weights.
    """

    target: Target
    positions: float


def tiles(recipe: Recipe, height: int, width: int) -> tuple[Tile, ...]:
    """The tiles of a picture of this size, row by row; none if it is done whole."""
    if not recipe.in_tiles(width, height):
        return ()
    return tuple(Tile(rows, columns) for rows in _spans(height) for columns in _spans(width))


def tiled_loss(
    picture: Tensor, losses: Sequence[Loss], parts: Sequence[Tile], backbone: Backbone
) -> tuple[float, Tensor]:
    """Loss of the picture (3, h, w) and its gradient, in the memory of one tile and a few pictures, and of the features of
    the whole where a style loss is not `tiled`.
    """
    terms = [loss for loss in losses if isinstance(loss, StyleTerm)]
    contents = [loss for loss in losses if isinstance(loss, ContentLoss)]
    by_tiles = [term for term in terms if term.loss.tiled]
    requests = [TargetRequest(term.loss, term.layer, term.where) for term in by_tiles]
    loss, slopes = _slopes(tiled_targets(picture, parts, backbone, requests), by_tiles)
    more, slopes_in_features = _slopes_in_features(picture, parts, backbone, [t for t in terms if not t.loss.tiled])
    loss += more
    gradient = torch.zeros_like(picture)
    for tile in parts:
        x = picture[tile.framed].detach().unsqueeze(0).contiguous().requires_grad_()
        inner = _inner(tile, backbone.features(x), backbone)
        content = _content(tile, inner, contents, backbone)
        pixels = _pixels(tile, x, losses, picture)
        styles = [_along(each, tile, inner, backbone) for each in zip(requests, slopes, strict=True)]
        styles += [_along_features(*each, tile, inner, backbone) for each in slopes_in_features.items()]
        gradient[tile.framed] += torch.autograd.grad(torch.stack([content, pixels, *styles]).sum(), x)[0][0]
        loss += float((content + pixels).detach())
    others = [each for each in losses if not isinstance(each, StyleTerm | ContentLoss | RangeLoss)]
    if others:
        x = picture.detach().unsqueeze(0).requires_grad_()
        value = total(others, {PIXELS: x}).sum()
        gradient += torch.autograd.grad(value, x)[0][0]
        loss += float(value.detach())
    return loss, gradient


def tiled_targets(
    picture: Tensor, parts: Sequence[Tile], backbone: Backbone, requests: Sequence[TargetRequest]
) -> list[TiledTarget]:
    """The targets of a picture (3, h, w) by losses that are `tiled`, one for each request, as means over its tiles."""
    sums: list[TiledTarget | None] = [None] * len(requests)
    for tile in parts:
        seen = _seen(picture, tile, backbone, {request.layer for request in requests}) if requests else {}
        for number, request in enumerate(requests):
            sums[number] = _added(sums[number], *request.of_tile(tile, seen, backbone))
    found = [each for each in sums if each is not None]
    return [TiledTarget({name: s.target[name] / s.positions for name in s.target}, s.positions) for s in found]


def tiled_features(
    picture: Tensor, parts: Sequence[Tile], backbone: Backbone, layers: Sequence[str]
) -> dict[str, Tensor]:
    """Activations (1, c, h, w) by layer of a picture (3, h, w), put together from its tiles, in the backbone's type."""
    rows: dict[str, dict[int, list[Tensor]]] = {layer: {} for layer in layers}
    for tile in parts:
        for layer, inner in _seen(picture, tile, backbone, layers).items():
            rows[layer].setdefault(tile.rows.start, []).append(inner.clone())
    return {layer: torch.cat([torch.cat(row, 3) for row in found.values()], 2) for layer, found in rows.items()}


def _seen(picture: Tensor, tile: Tile, backbone: Backbone, layers: Iterable[str]) -> dict[str, Tensor]:
    """What the backbone makes of a tile, without its frame."""
    with torch.no_grad():
        return _inner(tile, backbone.features(picture[tile.framed].unsqueeze(0).contiguous(), layers), backbone)


def _inner(tile: Tile, features: Mapping[str, Tensor], backbone: Backbone) -> dict[str, Tensor]:
    return {layer: tile.inside(values, backbone.reduction(layer)) for layer, values in features.items()}


def _added(before: TiledTarget | None, target: Target, count: float) -> TiledTarget:
    """Sums over positions, not means, of what was before and a tile's target."""
    sums = {name: count * value for name, value in target.items()}
    if before is None:
        return TiledTarget(sums, count)
    return TiledTarget({name: before.target[name] + sums[name] for name in sums}, before.positions + count)


Slope = tuple[Target, float]
"""A loss's slope in each tensor of the whole picture's target, and its positions."""


def _slopes(whole: Sequence[TiledTarget], terms: Sequence[StyleTerm]) -> tuple[float, list[Slope]]:
    """The losses of a whole picture's targets, and their slopes."""
    if not terms:
        return 0.0, []
    leaves = [{name: value.requires_grad_() for name, value in found.target.items()} for found in whole]
    loss = torch.stack([term.compare(found).sum() for term, found in zip(terms, leaves, strict=True)]).sum()
    flat = [leaf for found in leaves for leaf in found.values()]
    grads = iter(torch.autograd.grad(loss, flat, materialize_grads=True))
    return float(loss.detach()), [({name: next(grads) for name in each.target}, each.positions) for each in whole]


def _along(asked: tuple[TargetRequest, Slope], tile: Tile, inner: Mapping[str, Tensor], backbone: Backbone) -> Tensor:
    """A number whose gradient is the tile's share of the gradient of what depends on the whole picture's target."""
    request, (slope, positions) = asked
    found, count = request.of_tile(tile, inner, backbone)
    return (count / positions) * torch.stack([(slope[name] * found[name]).sum() for name in slope]).sum()


def _slopes_in_features(
    picture: Tensor, parts: Sequence[Tile], backbone: Backbone, terms: Sequence[StyleTerm]
) -> tuple[float, dict[str, Tensor]]:
    """The losses of a whole picture's features, put together from its tiles, and their slopes (1, c, h, w) by layer."""
    if not terms:
        return 0.0, {}
    layers = list(dict.fromkeys(term.layer for term in terms))
    features = {
        layer: found.requires_grad_() for layer, found in tiled_features(picture, parts, backbone, layers).items()
    }
    loss = total(terms, features).sum()
    slopes = torch.autograd.grad(loss, [features[layer] for layer in layers])
    return float(loss.detach()), dict(zip(layers, slopes, strict=True))


def _along_features(layer: str, slope: Tensor, tile: Tile, inner: Mapping[str, Tensor], backbone: Backbone) -> Tensor:
    """A number whose gradient is the tile's share of the gradient of what depends on the whole picture's features."""
    here = tile.of_whole(slope, backbone.reduction(layer))
    return (here * inner[layer]).sum(dtype=torch.promote_types(slope.dtype, torch.float32))


def _content(tile: Tile, inner: Mapping[str, Tensor], losses: Sequence[ContentLoss], backbone: Backbone) -> Tensor:
    """The tile's share of the content losses."""
    values = [torch.zeros((), device=next(iter(inner.values())).device)]
    for loss in losses:
        wanted = tile.of_whole(loss.target, backbone.reduction(loss.layer))
        squares = (inner[loss.layer].float() - wanted.float()).square().sum()
        values.append(loss.weight * squares / loss.target[0].numel())
    return torch.stack(values).sum()


def _pixels(tile: Tile, x: Tensor, losses: Sequence[Loss], picture: Tensor) -> Tensor:
    """The tile's share of the losses that see each pixel for itself. x: the framed tile (1, 3, h, w)."""
    inner = tile.inside(x, 1)
    values = [loss({PIXELS: inner}).sum() for loss in losses if isinstance(loss, RangeLoss)]
    return torch.stack([x.new_zeros(()), *values]).sum() * (inner.numel() / picture.numel())


def _spans(length: int) -> list[TileSpan]:
    return spans(length, SIDE, ALIGN, HALO)
