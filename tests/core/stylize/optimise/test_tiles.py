"""Tiles: the loss and the gradient of the whole, no seam, and every pixel in one tile."""

from __future__ import annotations

import pytest
import torch

from core.config.recipe import Recipe
from core.networks.backbone import Backbone
from core.stylize.optimise import tiles as module
from core.stylize.optimise.lanes import LossRequest, evaluate
from core.stylize.optimise.moment_losses import MomentsLoss
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.targets import content_losses, losses_at, style_targets
from core.stylize.optimise.tiles import TargetRequest, tiled_features, tiled_targets, tiles
from tests.core.networks.seeded_weights import seeded
from tests.core.stylize.conftest import QUICK, waves

RECIPE = QUICK.changed({"size": 200, "whole_megapixels": 0.02, "detail": 0.5, "smooth": 0.2, "strength": 0.9})
WHOLE = RECIPE.changed({"whole_megapixels": 2.0})


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles that a test can afford; what relu3_1 sees fits into their frame."""
    monkeypatch.setattr(module, "SIDE", 64)
    monkeypatch.setattr(module, "HALO", 32)


@pytest.mark.parametrize(("height", "width"), [(150, 163), (65, 700), (4096, 3000), (1000, 33)])
def test_every_pixel_is_in_one_tile(height: int, width: int) -> None:
    seen = torch.zeros(height, width, dtype=torch.int)
    for tile in tiles(RECIPE, height, width):
        seen[tile.rows.start : tile.rows.end, tile.columns.start : tile.columns.end] += 1
        assert tile.rows.start % 32 == tile.rows.low % 32 == tile.columns.start % 32 == tile.columns.low % 32 == 0
        assert tile.rows.end - tile.rows.start <= 64 + 32
    assert (seen == 1).all()


def test_small_pictures_are_done_whole() -> None:
    assert tiles(RECIPE, 100, 200) == ()
    assert len(tiles(RECIPE, 101, 200)) == 2 * 4


@pytest.mark.parametrize("size", [(150, 163), (129, 160)])
def test_moments_and_features_are_those_of_the_whole(backbone: Backbone, size: tuple[int, int]) -> None:
    picture = waves(*size, 5, 3)
    parts = tiles(RECIPE, *size)
    whole = backbone.features(picture.unsqueeze(0))
    for layer, features in tiled_features(picture, parts, backbone, backbone.layers).items():
        assert features.shape == whole[layer].shape
        assert torch.allclose(features, whole[layer], atol=1e-3 * float(whole[layer].max()))
    requests = [TargetRequest(MomentsLoss(), layer) for layer in backbone.layers]
    for layer, found in zip(backbone.layers, tiled_targets(picture, parts, backbone, requests), strict=True):
        assert found.positions == whole[layer][0, 0].numel()
        assert torch.allclose(found.target["mean"], whole[layer].mean((2, 3)), rtol=1e-3)


@pytest.mark.parametrize("size", [(150, 163), (129, 161)])
def test_a_resnets_features_are_those_of_the_whole(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HALO", 64)
    backbone = Backbone(seeded("resnet18"), ("stem", "layer1_1", "layer2_1"))
    picture = waves(*size, 5, 3)
    whole = backbone.features(picture.unsqueeze(0))
    for layer, found in tiled_features(picture, tiles(RECIPE, *size), backbone, backbone.layers).items():
        assert found.shape == whole[layer].shape
        assert torch.allclose(found, whole[layer], atol=1e-3 * float(whole[layer].max()))


def test_loss_and_gradient_are_those_of_the_whole(backbone: Backbone) -> None:
    content, picture = waves(150, 163), 1.1 * waves(150, 163, 2, 5) - 0.05  # some of it beyond black and white
    style = style_targets([waves(60, 40, 6, 1)], [1], RECIPE, backbone)
    answers = [
        evaluate(
            [LossRequest(picture, losses_at(style, recipe, backbone)(0, content), tiles(recipe, 150, 163))], backbone, 1
        )
        for recipe in (RECIPE, WHOLE)
    ]
    (tiled,), (whole,) = answers
    assert tiled.loss == pytest.approx(whole.loss, rel=1e-3)
    error = (tiled.gradient - whole.gradient).norm() / whole.gradient.norm()
    assert error < 0.01


def test_a_picture_in_tiles_is_the_picture_done_whole(backbone: Backbone) -> None:
    content = waves(150, 163)
    style = style_targets([waves(60, 40, 6, 1)], [1], RECIPE, backbone)
    tiled, whole = (stylise(content, style, recipe.changed({"steps": 4}), 0, backbone) for recipe in (RECIPE, WHOLE))
    assert tiled.losses == pytest.approx(whole.losses, rel=0.01)
    assert (tiled.image - whole.image).abs().mean() < 0.01


def test_sizes_in_tiles_get_fewer_passes() -> None:
    recipe = Recipe(size=4096, steps=24, coarse_steps=32, tile_steps=3)
    assert [recipe.steps_at(level, 4096 >> level, 3072 >> level) for level in range(4)] == [3, 3, 32, 32]
    whole = recipe.changed({"whole_megapixels": 100})
    assert recipe.passes(4096, 3072) < 0.3 * whole.passes(4096, 3072)


def test_artworks_and_assets_may_be_in_tiles_alike(backbone: Backbone) -> None:
    artwork = waves(150, 163, 6, 1)
    tiled, whole = (style_targets([artwork], [1], recipe, backbone).scales[0] for recipe in (RECIPE, WHOLE))
    assert all(torch.allclose(tiled[layer]["gram"], whole[layer]["gram"], rtol=1e-2, atol=1e-3) for layer in whole)
    (of_tiles,), (of_whole,) = (content_losses(artwork, recipe, backbone) for recipe in (RECIPE, WHOLE))
    assert of_tiles.target.shape == of_whole.target.shape
