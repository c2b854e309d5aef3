"""Tiled loss and gradient of a picture too large for one pass of the network: those of the whole, tile by tile.

A style loss sees a picture through moments of its features alone, and those of the whole are means of those of its tiles.
So a pass goes over the tiles twice: forward, for the moments of the whole picture and the loss's slope in them; then
forward and backward, each tile by that same slope. The gradients add up to that of the whole picture: no tile has a target
of its own, nothing has to be blended, and no seam can show but by what features at a tile's border see of its frame. The
frame is repeated from the picture's own pixels, HALO wide, and wide enough for most of what the deepest layers see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.networks.backbone import Backbone
from core.stylize.images.tile_spans import TileSpan, spans
from core.stylize.optimise.losses import PIXELS, ContentLoss, Loss, OfMoments, RangeLoss, total
from core.stylize.optimise.moments import Gram, Mean, Weights, moments, weight_of

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
class Whole:
    """What a whole picture has at a layer: mean (1, c), Gram matrix (1, c, c), and how many positions they are of, or the
    sum of their weights.
    """

    mean: Mean
    gram: Gram
    positions: float


@dataclass(frozen=True)
class MomentsRequest:
    """Moments that are wanted: of a layer, and with what weights (1, h, w) of the whole picture's positions, if any."""

    layer: str
    where: Weights | None = None

    def within(self, tile: Tile, reduction: int) -> Weights | None:
        """The weights of a tile's positions."""
        return None if self.where is None else tile.of_whole(self.where, reduction)


def tiles(recipe: Recipe, height: int, width: int) -> tuple[Tile, ...]:
    """The tiles of a picture of this size, row by row; none if it is done whole."""
    if not recipe.in_tiles(width, height):
        return ()
    return tuple(Tile(rows, columns) for rows in _spans(height) for columns in _spans(width))


def tiled_loss(
    picture: Tensor, losses: Sequence[Loss], parts: Sequence[Tile], backbone: Backbone
) -> tuple[float, Tensor]:
    """Loss of the picture (3, h, w) and its gradient, in the memory of one tile and a few pictures."""
    of_moments = [loss for loss in losses if isinstance(loss, OfMoments)]
    contents = [loss for loss in losses if isinstance(loss, ContentLoss)]
    looks = [MomentsRequest(each.layer, each.where) for each in of_moments]
    loss, slopes = _slopes(tiled_moments(picture, parts, backbone, looks), of_moments)
    gradient = torch.zeros_like(picture)
    for tile in parts:
        x = picture[tile.framed].detach().unsqueeze(0).contiguous().requires_grad_()
        inner = _inner(tile, backbone.features(x), backbone)
        content = _content(tile, inner, contents, backbone)
        pixels = _pixels(tile, x, losses, picture)
        styles = [_along(each, tile, inner, backbone) for each in zip(looks, slopes, strict=True)]
        gradient[tile.framed] += torch.autograd.grad(torch.stack([content, pixels, *styles]).sum(), x)[0][0]
        loss += float((content + pixels).detach())
    others = [each for each in losses if not isinstance(each, OfMoments | ContentLoss | RangeLoss)]
    if others:
        x = picture.detach().unsqueeze(0).requires_grad_()
        value = total(others, {PIXELS: x}).sum()
        gradient += torch.autograd.grad(value, x)[0][0]
        loss += float(value.detach())
    return loss, gradient


def tiled_moments(
    picture: Tensor, parts: Sequence[Tile], backbone: Backbone, looks: Sequence[MomentsRequest]
) -> list[Whole]:
    """The moments of a picture (3, h, w), one for each look, as a sum over its tiles."""
    sums: list[Whole | None] = [None] * len(looks)
    for tile in parts:
        seen = _seen(picture, tile, backbone, {look.layer for look in looks}) if looks else {}
        for number, look in enumerate(looks):
            where = look.within(tile, backbone.reduction(look.layer))
            sums[number] = _added(sums[number], seen[look.layer], where)
    found = [each for each in sums if each is not None]
    return [Whole(s.mean / s.positions, s.gram / s.positions, s.positions) for s in found]


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


def _added(before: Whole | None, inner: Tensor, where: Weights | None) -> Whole:
    """Sums over positions, not means, of what was before and a tile's features."""
    count = _count(inner, where)
    mean, gram = (count * each for each in moments(inner, where))
    if before is None:
        return Whole(mean, gram, count)
    return Whole(before.mean + mean, before.gram + gram, before.positions + count)


def _count(inner: Tensor, where: Weights | None) -> float:
    """Positions of a tile, or the sum of their weights."""
    return inner[0, 0].numel() if where is None else float(weight_of(inner, where))


Slope = tuple[Mean, Gram, float]
"""The loss's slope in the mean and in the Gram matrix of the whole picture, and its positions."""


def _slopes(whole: Sequence[Whole], losses: Sequence[OfMoments]) -> tuple[float, list[Slope]]:
    """The losses of a whole picture's moments, and their slopes."""
    if not losses:
        return 0.0, []
    leaves = [(found.mean.requires_grad_(), found.gram.requires_grad_()) for found in whole]
    loss = torch.stack([each.of(*pair).sum() for each, pair in zip(losses, leaves, strict=True)]).sum()
    grads = torch.autograd.grad(loss, [leaf for pair in leaves for leaf in pair], materialize_grads=True)
    pairs = zip(grads[::2], grads[1::2], whole, strict=True)
    return float(loss.detach()), [(of_mean, of_gram, found.positions) for of_mean, of_gram, found in pairs]


def _along(asked: tuple[MomentsRequest, Slope], tile: Tile, inner: Mapping[str, Tensor], backbone: Backbone) -> Tensor:
    """A number whose gradient is the tile's share of the gradient of what hangs on the whole picture's moments."""
    look, (of_mean, of_gram, positions) = asked
    where = look.within(tile, backbone.reduction(look.layer))
    mean, gram = moments(inner[look.layer], where)
    share = _count(inner[look.layer], where) / positions
    return share * ((of_mean * mean).sum() + (of_gram * gram).sum())


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
