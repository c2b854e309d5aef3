"""Targets of an optimisation: style statistics of artworks, content features of the asset, and losses against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.networks import device as devices
from core.networks.backbone import Backbone
from core.stylize.optimise.losses import ContentLoss, LaplacianLoss, Loss, RangeLoss, TotalVariationLoss, laplacian
from core.stylize.optimise.optimisation import LossesAt
from core.stylize.optimise.regions import Region, Where
from core.stylize.optimise.scales import shrunk
from core.stylize.optimise.style_loss import StyleTerm, Target, style_loss
from core.stylize.optimise.target_cache import TargetCache
from core.stylize.optimise.tiles import TargetRequest, tiled_features, tiled_targets, tiles

MOMENTS = "moments"
"""The kind of targets whose files in the cache do not name it."""


@dataclass(frozen=True)
class StyleTargets:
    """The targets of one style: `scales[k][layer]` at level k, 0 being full size. Made once, used for every asset."""

    scales: tuple[dict[str, Target], ...]


@dataclass(frozen=True)
class InRegions:
    """Several styles in one picture, each in its own region."""

    styles: tuple[tuple[StyleTargets, Region], ...]

    @property
    def is_empty(self) -> bool:
        """Whether no style is wanted anywhere."""
        return not any(region.pixels.any() for _, region in self.styles)


Style = StyleTargets | InRegions
"""What a picture can be painted in."""


def style_targets(
    artworks: Sequence[Tensor],
    weights: Sequence[float],
    recipe: Recipe,
    backbone: Backbone,
    cache: TargetCache | None = None,
) -> StyleTargets:
    """Targets of a style by the recipe's loss: of its artworks mixed, as of one artwork that shows all in proportion.

    artworks: each (3, h, w), RGB in [0, 1], of any size; weights: one an artwork, positive, scaled here to
    sum to 1. What `cache` has of an artwork is not computed again.
    """
    loss, shares = style_loss(recipe.style_statistic), [weight / sum(weights) for weight in weights]
    found = [_scales(artwork, recipe, backbone, cache) for artwork in artworks]
    levels = range(recipe.coarser(recipe.size) + 1)
    return StyleTargets(
        tuple(
            {layer: loss.mix([scales[level][layer] for scales in found], shares) for layer in recipe.style_layers}
            for level in levels
        )
    )


def _scales(artwork: Tensor, recipe: Recipe, backbone: Backbone, cache: TargetCache | None) -> list[dict[str, Target]]:
    """An artwork's targets at every level, by layer."""
    loss, levels = style_loss(recipe.style_statistic), range(recipe.coarser(recipe.size) + 1)

    def measured() -> dict[str, Tensor]:
        return {
            f"{level}/{layer}/{name}": value
            for level in levels
            for layer, target in picture_targets(shrunk(artwork, recipe, level), recipe, backbone).items()
            for name, value in target.items()
        }

    about = {
        "backbone": backbone.about,
        "layers": recipe.style_layers,
        "levels": (len(levels), recipe.scale_ratio, recipe.whole_megapixels),
        "engine": devices.engine_name(artwork.device),
        **({} if loss.kind == MOMENTS else {"target": loss.kind}),  # moments were cached before there were others
    }
    kept = cache.get(artwork, about, measured) if cache else measured()
    return [{layer: _below(kept, f"{level}/{layer}/") for layer in recipe.style_layers} for level in levels]


def _below(tensors: Mapping[str, Tensor], prefix: str) -> Target:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


Recall = Callable[[int, Callable[[], list[Loss]]], list[Loss]]
"""Returns what was made before for an asset at a level, or makes it."""


def losses_at(
    style: Style, recipe: Recipe, backbone: Backbone, recall: Recall = lambda _level, make: make()
) -> LossesAt:
    """What to minimise at each level. `recall` may keep the content's share from one style to the next."""

    loss = style_loss(recipe.style_statistic)

    def of(level: int, asset: Tensor) -> list[Loss]:
        content = recall(level, lambda: content_losses(asset, recipe, backbone))
        wanted: list[Loss] = []
        for each, region in style.styles if isinstance(style, InRegions) else [(style, None)]:
            where = region.at(recipe.style_layers, asset, backbone) if region else {}
            targets = each.scales[level]
            if recipe.strength < 1:
                own = picture_targets(asset, recipe, backbone, where)
                targets = {layer: loss.blend(own[layer], targets[layer], recipe.strength) for layer in own}
            wanted += style_losses(targets, recipe, where)
        return [*content, *wanted, *picture_losses(asset, recipe)]

    return of


def style_losses(targets: Mapping[str, Target], recipe: Recipe, where: Where | None = None) -> list[StyleTerm]:
    """The style's share of the loss: every layer with `style_weight` times its own of `layer_weights`.

    In a region, of which `where` has the positions by layer, it is weighted by the region's share of the picture, so that
    style and content have the balance that they have in a whole picture. A layer that has no position there is left out.
    """
    shares = recipe.layer_weights or (1.0,) * len(recipe.style_layers)
    loss, terms = style_loss(recipe.style_statistic), list[StyleTerm]()
    for layer, share in zip(recipe.style_layers, shares, strict=True):
        positions = where.get(layer) if where else None
        if where and positions is None:
            continue
        weight = share * (1.0 if positions is None else float(positions.mean())) * recipe.style_weight
        terms.append(StyleTerm.against(loss, layer, weight, targets[layer], positions))
    return terms


def content_losses(content: Tensor, recipe: Recipe, backbone: Backbone) -> list[Loss]:
    """The content's share of the loss, every layer with weight `content_weight`. content: (3, h, w), RGB in [0, 1]."""
    parts = tiles(recipe, *content.shape[1:])
    if parts:
        features = tiled_features(content, parts, backbone, recipe.content_layers)
        return [ContentLoss(layer, found, recipe.content_weight) for layer, found in features.items()]
    with torch.no_grad():
        features = backbone.features(content.unsqueeze(0), recipe.content_layers)
    return [ContentLoss(layer, found.float(), recipe.content_weight) for layer, found in features.items()]


def picture_losses(content: Tensor, recipe: Recipe) -> list[Loss]:
    """What is asked of the pixels themselves: to stay between black and white, to keep the asset's drawing (`detail`),
    to have little grain (`smooth`).
    """
    losses: list[Loss] = [RangeLoss(RANGE_WEIGHT)]
    if recipe.detail:
        losses.append(LaplacianLoss(laplacian(content.unsqueeze(0)), DETAIL_WEIGHT * recipe.detail**2))
    if recipe.smooth:
        losses.append(TotalVariationLoss(SMOOTH_WEIGHT * recipe.smooth**2))
    return losses


RANGE_WEIGHT = 3e5
"""Of pixels beyond black and white: few are then, and the way gets no longer (tried: 1e4 to 1e7)."""
DETAIL_WEIGHT = 2e4
"""Of the Laplacian where `detail` is 1."""
SMOOTH_WEIGHT = 2e4
"""Of the total variation where `smooth` is 1."""


def picture_targets(
    picture: Tensor, recipe: Recipe, backbone: Backbone, where: Where | None = None
) -> dict[str, Target]:
    """A picture's targets by style layer; where there are positions, of those layers alone that have any."""
    loss, positions = style_loss(recipe.style_statistic), where or {}
    layers = [layer for layer in recipe.style_layers if not where or where[layer] is not None]
    parts = tiles(recipe, *picture.shape[1:])
    if parts and loss.tiled:
        requests = [TargetRequest(loss, layer, positions.get(layer)) for layer in layers]
        found = tiled_targets(picture, parts, backbone, requests)
        return {layer: each.target for layer, each in zip(layers, found, strict=True)}
    with torch.no_grad():
        if parts:
            features = tiled_features(picture, parts, backbone, layers)
        else:
            features = backbone.features(picture.unsqueeze(0), None if where else layers)
        return {layer: loss.target(features[layer], positions.get(layer)) for layer in layers}
