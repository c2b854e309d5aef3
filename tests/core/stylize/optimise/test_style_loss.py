"""Every style loss of the table, and one on features: whole, in tiles, in regions, blended, and from the cache."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.config.style_losses import STYLE_LOSSES
from core.networks.backbone import Backbone, FeatureMap
from core.stylize.optimise import tiles as tiling
from core.stylize.optimise.lanes import LossRequest, evaluate
from core.stylize.optimise.losses import mean_squared
from core.stylize.optimise.moments import Weights
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.regions import Region
from core.stylize.optimise.style_loss import Comparison, StyleLoss, Target, style_loss
from core.stylize.optimise.target_cache import TargetCache
from core.stylize.optimise.targets import InRegions, Style, StyleTargets, losses_at, style_targets
from tests.core.stylize.conftest import QUICK, waves

LEVELS = 32
HEIGHT, WIDTH = 97, 112
RECIPE = QUICK.changed({"size": 200, "whole_megapixels": 0.0101, "style_weight": 500.0})
"""In tiles."""
WEIGHTS = {"gram": 1e6}


class SortedLoss(StyleLoss):
    """A loss on features that no mean over positions gives: the channels' values in order, LEVELS of them."""

    kind = "sorted"
    tiled = False

    def target(self, features: FeatureMap, where: Weights | None = None) -> Target:
        """Quantiles of each channel, (n, c, LEVELS), over the positions that count."""
        values = features.float().flatten(2)
        kept = values if where is None else values[..., where.flatten() > 0.5]
        places = torch.linspace(0, kept.shape[2] - 1, LEVELS).long()
        return {"quantiles": kept.sort(2).values[..., places]}

    def comparison(self, target: Target, weight: float) -> Comparison:
        """Relative to the style's own size."""
        size = target["quantiles"].square().mean() + 1e-12
        return lambda found: weight * mean_squared(found["quantiles"], target["quantiles"]) / size


@pytest.fixture(autouse=True)
def sorted_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss above in the table, and tiles that a test can afford."""
    monkeypatch.setitem(STYLE_LOSSES, "sorted", f"{__name__}:SortedLoss")
    monkeypatch.setattr(tiling, "SIDE", 64)
    monkeypatch.setattr(tiling, "HALO", 32)


EVERY = pytest.mark.parametrize("name", [*STYLE_LOSSES, "sorted"])


def by(name: str, **changes: object) -> Recipe:
    """A recipe with a loss, which need not be one of the product's own."""
    weight = WEIGHTS.get(name, RECIPE.style_weight)
    return RECIPE.model_copy(update={"style_statistic": name, "style_weight": weight, **changes})


def targets_of(recipe: Recipe, backbone: Backbone, *artworks: Tensor) -> StyleTargets:
    return style_targets(artworks, [1.0] * len(artworks), recipe, backbone)


def answer(recipe: Recipe, backbone: Backbone, style: Style, picture: Tensor) -> tuple[float, Tensor]:
    """Loss and gradient of a picture."""
    losses = losses_at(style, recipe, backbone)(0, waves(HEIGHT, WIDTH))
    (found,) = evaluate([LossRequest(picture, losses, tiling.tiles(recipe, HEIGHT, WIDTH))], backbone, 1)
    return found.loss, found.gradient


@EVERY
@pytest.mark.parametrize("guided", [False, True])
def test_loss_and_gradient_in_tiles_are_those_of_the_whole(backbone: Backbone, name: str, guided: bool) -> None:
    picture, left = waves(HEIGHT, WIDTH, 2, 5), torch.zeros(HEIGHT, WIDTH)
    left[:, :60] = 1
    found = []
    for megapixels in (0.0101, 2.0):
        recipe = by(name, whole_megapixels=megapixels, strength=0.7, content_weight=0.0)
        targets = targets_of(recipe, backbone, waves(60, 40, 6, 1), waves(50, 50, 1, 7))
        style = InRegions(((targets, Region(left)),)) if guided else targets
        found.append(answer(recipe, backbone, style, picture))
    (tiled, slope), (whole, expected) = found
    assert tiled == pytest.approx(whole, rel=2e-3)
    assert (slope - expected).norm() < 0.02 * expected.norm()


@EVERY
@pytest.mark.parametrize("megapixels", [0.0101, 2.0])
def test_a_picture_comes_nearer_to_a_blend(backbone: Backbone, name: str, megapixels: float) -> None:
    recipe = by(name, whole_megapixels=megapixels, steps=4)
    style = targets_of(recipe, backbone, waves(60, 40, 6, 1), waves(50, 50, 1, 7))
    losses = stylise(waves(HEIGHT, WIDTH), style, recipe, 0, backbone).losses
    assert min(losses) < 0.95 * losses[0]


@EVERY
def test_strength_0_asks_for_the_asset_itself(backbone: Backbone, name: str) -> None:
    asset, style = waves(HEIGHT, WIDTH), targets_of(by(name), backbone, waves(60, 40, 6, 1))
    own, other = (answer(by(name, strength=strength), backbone, style, asset)[0] for strength in (0.0, 1.0))
    assert abs(own) < 0.05 * other


@EVERY
def test_cached_targets_are_the_same_and_kinds_do_not_meet(tmp_path: Path, backbone: Backbone, name: str) -> None:
    artworks, cache = [waves(60, 40, 6, 1)], TargetCache(tmp_path)
    style_targets(artworks, [1.0], by("moments"), backbone, cache)
    made, kept = (style_targets(artworks, [1.0], by(name), backbone, cache).scales[0] for _ in range(2))
    alone = targets_of(by(name), backbone, *artworks).scales[0]
    for layer, target in alone.items():
        assert all(torch.equal(made[layer][part], value) for part, value in target.items())
        assert all(torch.equal(kept[layer][part], value) for part, value in target.items())
    kinds = {"moments", style_loss(name).kind}
    assert len(list((tmp_path / "targets").iterdir())) == len(kinds)


@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_names_of_the_table_are_values_of_a_recipe(name: str) -> None:
    assert isinstance(style_loss(Recipe(style_statistic=name).style_statistic), StyleLoss)
