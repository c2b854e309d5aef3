"""Targets of an optimisation: style statistics of artworks, content features of the asset, and losses against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.networks import device as devices
from core.networks.backbone import Backbone
from core.stylize.optimise.losses import (
    ContentLoss,
    GramLoss,
    LaplacianLoss,
    Loss,
    MomentsLoss,
    RangeLoss,
    TotalVariationLoss,
    WassersteinLoss,
    laplacian,
)
from core.stylize.optimise.moments import moments
from core.stylize.optimise.optimisation import LossesAt
from core.stylize.optimise.regions import Region, Where
from core.stylize.optimise.scales import shrunk
from core.stylize.optimise.target_cache import TargetCache
from core.stylize.optimise.tiles import MomentsRequest, tiled_features, tiled_moments, tiles


@dataclass(frozen=True)
class FeatureMoments:
    """First and second moment of a style's features at one layer: mean (1, c) and Gram matrix (1, c, c)."""

    mean: Tensor
    gram: Tensor


@dataclass(frozen=True)
class StyleTargets:
    """The statistics of one style: `scales[k][layer]` at level k, 0 being full size. Made once, used for every
    asset.
    """

    scales: tuple[dict[str, FeatureMoments], ...]


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
    """Targets of a style: the weighted mean of its artworks' moments, as of one artwork that shows all in
    proportion.

    artworks: each (3, h, w), RGB in [0, 1], of any size; weights: one an artwork, positive, scaled here to
    sum to 1. What `cache` has of an artwork is not computed again.
    """
    shares = [weight / sum(weights) for weight in weights]
    found = [_scales(artwork, recipe, backbone, cache) for artwork in artworks]
    levels = range(recipe.coarser(recipe.size) + 1)
    return StyleTargets(
        tuple(
            {layer: _mixed([scales[level][layer] for scales in found], shares) for layer in recipe.style_layers}
            for level in levels
        )
    )


def _scales(
    artwork: Tensor, recipe: Recipe, backbone: Backbone, cache: TargetCache | None
) -> list[dict[str, FeatureMoments]]:
    """An artwork's statistics at every level, by layer."""
    levels = range(recipe.coarser(recipe.size) + 1)

    def measured() -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for level in levels:
            for layer, found in _statistics(shrunk(artwork, recipe, level), recipe, backbone).items():
                tensors |= {f"{level}/{layer}/mean": found.mean, f"{level}/{layer}/gram": found.gram}
        return tensors

    about = {
        "backbone": backbone.about,
        "layers": recipe.style_layers,
        "levels": (len(levels), recipe.scale_ratio, recipe.whole_megapixels),
        "engine": devices.engine_name(artwork.device),
    }
    kept = cache.get(artwork, about, measured) if cache else measured()
    return [
        {
            layer: FeatureMoments(kept[f"{level}/{layer}/mean"], kept[f"{level}/{layer}/gram"])
            for layer in recipe.style_layers
        }
        for level in levels
    ]


Recall = Callable[[int, Callable[[], list[Loss]]], list[Loss]]
"""Returns what was made before for an asset at a level, or makes it."""


def losses_at(
    style: Style, recipe: Recipe, backbone: Backbone, recall: Recall = lambda _level, make: make()
) -> LossesAt:
    """What to minimise at each level. `recall` may keep the content's share from one style to the next."""

    def of(level: int, asset: Tensor) -> list[Loss]:
        content = recall(level, lambda: content_losses(asset, recipe, backbone))
        wanted: list[Loss] = []
        for each, region in style.styles if isinstance(style, InRegions) else [(style, None)]:
            where = region.at(recipe.style_layers, asset, backbone) if region else {}
            statistics = each.scales[level]
            if recipe.strength < 1:
                own = _statistics(asset, recipe, backbone, where)
                statistics = {layer: _between(own[layer], statistics[layer], recipe.strength) for layer in own}
            wanted += style_losses(statistics, recipe, where)
        return [*content, *wanted, *picture_losses(asset, recipe)]

    return of


def style_losses(statistics: dict[str, FeatureMoments], recipe: Recipe, where: Where | None = None) -> list[Loss]:
    """The style's share of the loss: every layer with `style_weight` times its own of `layer_weights`.

    In a region, of which `where` has the positions by layer, it is weighted by the region's share of the picture, so that
    style and content have the balance that they have in a whole picture. A layer that has no position there is left out.
    """
    shares = recipe.layer_weights or (1.0,) * len(recipe.style_layers)
    make, losses = STYLE_LOSSES[recipe.style_statistic], list[Loss]()
    for layer, share in zip(recipe.style_layers, shares, strict=True):
        positions = where.get(layer) if where else None
        if not where:
            losses.append(make(layer, statistics[layer], share * recipe.style_weight, None))
        elif positions is not None:
            weight = share * float(positions.mean()) * recipe.style_weight
            losses.append(make(layer, statistics[layer], weight, positions))
    return losses


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


STYLE_LOSSES: dict[str, Callable[[str, FeatureMoments, float, Tensor | None], Loss]] = {
    "gram": lambda layer, found, weight, where: GramLoss(layer, found.gram, weight, where),
    "moments": lambda layer, found, weight, where: MomentsLoss(layer, found.mean, found.gram, weight, where),
    "wasserstein": lambda layer, found, weight, where: WassersteinLoss(layer, found.mean, found.gram, weight, where),
}

RANGE_WEIGHT = 3e5
"""Of pixels beyond black and white: few are then, and the way gets no longer (tried: 1e4 to 1e7)."""
DETAIL_WEIGHT = 2e4
"""Of the Laplacian where `detail` is 1."""
SMOOTH_WEIGHT = 2e4
"""Of the total variation where `smooth` is 1."""


def _statistics(
    artwork: Tensor, recipe: Recipe, backbone: Backbone, where: Where | None = None
) -> dict[str, FeatureMoments]:
    """A picture's statistics by style layer; where there are positions, of those layers alone that have any."""
    layers = [layer for layer in recipe.style_layers if not where or where[layer] is not None]
    positions = where or {}
    parts = tiles(recipe, *artwork.shape[1:])
    if parts:
        found = tiled_moments(
            artwork, parts, backbone, [MomentsRequest(layer, positions.get(layer)) for layer in layers]
        )
        return {layer: FeatureMoments(each.mean, each.gram) for layer, each in zip(layers, found, strict=True)}
    with torch.no_grad():
        features = backbone.features(artwork.unsqueeze(0), None if where else layers)
        return {layer: FeatureMoments(*moments(features[layer], positions.get(layer))) for layer in layers}


def _mixed(found: Sequence[FeatureMoments], shares: Sequence[float]) -> FeatureMoments:
    means = [share * each.mean for each, share in zip(found, shares, strict=True)]
    grams = [share * each.gram for each, share in zip(found, shares, strict=True)]
    return FeatureMoments(torch.stack(means).sum(0), torch.stack(grams).sum(0))


def _between(own: FeatureMoments, style: FeatureMoments, strength: float) -> FeatureMoments:
    """The moments of a picture that has so much of the style's look, and the rest of its own."""
    return FeatureMoments(torch.lerp(own.mean, style.mean, strength), torch.lerp(own.gram, style.gram, strength))
