"""What an optimisation aims at: the style's statistics and the content's features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.backbone import Backbone
from core.recipe import Recipe
from core.stylize.losses import ContentLoss, GramLoss, Loss, MomentsLoss
from core.stylize.moments import moments
from core.stylize.scales import shrunk


@dataclass(frozen=True)
class Statistics:
    """First and second moment of a style's features at one layer: mean (1, c) and Gram matrix (1, c, c)."""

    mean: Tensor
    gram: Tensor


@dataclass(frozen=True)
class StyleTargets:
    """The statistics of one style: `scales[k][layer]` at 1 / 2^k of full size. Made once, used for every
    asset.
    """

    scales: tuple[dict[str, Statistics], ...]


def style_targets(
    artworks: Sequence[Tensor], weights: Sequence[float], recipe: Recipe, backbone: Backbone
) -> StyleTargets:
    """Targets of a style: the weighted mean of its artworks' moments, as of one artwork that shows all in
    proportion.

    artworks: each (3, h, w), RGB in [0, 1], of any size; weights: one an artwork, positive, scaled here to
    sum to 1.
    """
    shares = [weight / sum(weights) for weight in weights]
    scales = []
    for level in range(recipe.halvings(recipe.size) + 1):
        found = [_statistics(shrunk(artwork, level), recipe, backbone) for artwork in artworks]
        scales.append({layer: _mixed([each[layer] for each in found], shares) for layer in recipe.style_layers})
    return StyleTargets(tuple(scales))


def style_losses(statistics: dict[str, Statistics], recipe: Recipe) -> list[Loss]:
    """The style's share of the loss, every layer with weight `style_weight`."""
    return [_style_loss(layer, found, recipe) for layer, found in statistics.items()]


def content_losses(content: Tensor, recipe: Recipe, backbone: Backbone) -> list[Loss]:
    """The content's share of the loss, every layer with weight `content_weight`. content: (3, h, w), RGB in
    [0, 1].
    """
    with torch.no_grad():
        features = backbone.features(content.unsqueeze(0), recipe.content_layers)
    return [ContentLoss(layer, found.float(), recipe.content_weight) for layer, found in features.items()]


def _style_loss(layer: str, target: Statistics, recipe: Recipe) -> Loss:
    if recipe.style_statistic == "gram":
        return GramLoss(layer, target.gram, recipe.style_weight)
    return MomentsLoss(layer, target.mean, target.gram, recipe.style_weight)


def _statistics(artwork: Tensor, recipe: Recipe, backbone: Backbone) -> dict[str, Statistics]:
    with torch.no_grad():
        features = backbone.features(artwork.unsqueeze(0), recipe.style_layers)
        return {layer: Statistics(*moments(found)) for layer, found in features.items()}


def _mixed(found: Sequence[Statistics], shares: Sequence[float]) -> Statistics:
    means = [share * each.mean for each, share in zip(found, shares, strict=True)]
    grams = [share * each.gram for each, share in zip(found, shares, strict=True)]
    return Statistics(torch.stack(means).sum(0), torch.stack(grams).sum(0))
