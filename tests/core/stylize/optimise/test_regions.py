"""Regions: losses that see their own features alone, at every size, in lanes and in tiles."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.networks.backbone import Backbone
from core.stylize.optimise import tiles as tiling
from core.stylize.optimise.lanes import LossRequest, evaluate
from core.stylize.optimise.moments import moments
from core.stylize.optimise.optimise import OptimisationRequest, stylise, stylise_all
from core.stylize.optimise.regions import Region, cut
from core.stylize.optimise.style_loss import StyleTerm
from core.stylize.optimise.targets import InRegions, StyleTargets, losses_at, style_targets
from core.stylize.optimise.tiles import tiles
from tests.core.stylize.conftest import QUICK, waves


def halves(height: int, width: int) -> tuple[Region, Region]:
    """The left half and the right."""
    left = (torch.arange(width) < width // 2).float().expand(height, width)
    return Region(left), Region(1 - left)


@pytest.fixture(scope="module")
def styles(backbone: Backbone) -> tuple[StyleTargets, StyleTargets]:
    """Fine stripes, and a plain picture of another colour."""
    stripes = waves(40, 40, 9, 1)
    plain = waves(40, 40, 0.2, 0.4) * torch.tensor([0.2, 0.4, 1.0]).view(3, 1, 1)
    return tuple(style_targets([artwork], [1], QUICK, backbone) for artwork in (stripes, plain))  # type: ignore[return-value]


def distance(picture: Tensor, style: StyleTargets, columns: slice, backbone: Backbone) -> float:
    """Mean relative distance of the Gram matrices of a part of a picture from a style's."""
    found = backbone.features(picture[..., columns].unsqueeze(0))
    wanted = style.scales[0]
    each = [
        (moments(found[layer])[1] - wanted[layer]["gram"]).norm() / wanted[layer]["gram"].norm() for layer in wanted
    ]
    return float(torch.stack(each).mean())


@pytest.mark.parametrize(("height", "width"), [(40, 40), (41, 39), (7, 50), (3, 2)])
def test_positions_are_those_of_the_features(backbone: Backbone, height: int, width: int) -> None:
    asset = waves(height, width)
    where = Region(torch.ones(height, width)).at(backbone.layers, asset, backbone)
    for layer, features in backbone.features(asset.unsqueeze(0)).items():
        weights = where[layer]
        assert weights is not None
        assert weights.shape[1:] == features.shape[2:]
        assert torch.allclose(weights, torch.ones(()))


def test_a_position_counts_as_much_as_the_pixels_that_it_stands_for() -> None:
    planes = torch.tensor([[1.0, 1, 0, 0, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]]).unsqueeze(0)
    assert cut(planes, (1, 2), 2).tolist() == [[[0.75, 0.0]]]
    assert cut(planes, (2, 3), 2).tolist() == [[[0.75, 0.0, 1.0], [1.0, 1.0, 1.0]]]


def test_each_region_gets_its_own_style(backbone: Backbone, styles: tuple[StyleTargets, StyleTargets]) -> None:
    content = waves(64, 96)
    wanted = InRegions(tuple(zip(styles, halves(64, 96), strict=True)))
    recipe = QUICK.changed({"size": 96, "steps": 30})
    made = stylise(content, wanted, recipe, 0, backbone).image
    left, right = slice(0, 44), slice(52, 96)  # without what the network sees across the edge
    for columns, own, other in ((left, *styles), (right, *styles[::-1])):
        assert distance(made, own, columns, backbone) < 0.5 * distance(content, own, columns, backbone)
        assert distance(made, own, columns, backbone) < 0.5 * distance(made, other, columns, backbone)


def test_a_region_of_everything_is_the_whole(backbone: Backbone, styles: tuple[StyleTargets, StyleTargets]) -> None:
    content, recipe = waves(40, 40), QUICK.changed({"steps": 3, "strength": 0.8})
    everywhere = InRegions(((styles[0], Region(torch.ones(40, 40))),))
    found, plain = (stylise(content, style, recipe, 0, backbone) for style in (everywhere, styles[0]))
    assert found.losses == pytest.approx(plain.losses, rel=1e-3)
    assert (found.image - plain.image).abs().max() < 0.02


def test_the_balance_of_style_and_content_is_that_of_a_whole_picture(
    backbone: Backbone, styles: tuple[StyleTargets, StyleTargets]
) -> None:
    content = waves(40, 40)
    both = InRegions(tuple((styles[0], region) for region in halves(40, 40)))
    losses = losses_at(both, QUICK, backbone)(0, content)
    assert sum(loss.weight for loss in losses if isinstance(loss, StyleTerm)) == pytest.approx(3 * QUICK.style_weight)


@pytest.mark.parametrize("kind", ["gram", "moments", "wasserstein"])
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_an_empty_region_is_left_out(
    backbone: Backbone, styles: tuple[StyleTargets, StyleTargets], kind: str, strength: float
) -> None:
    nowhere, speck = torch.zeros(40, 40), torch.zeros(40, 40)
    speck[3, 3] = 1
    regions = [Region(nowhere), Region(speck)]
    recipe = QUICK.changed({"style_statistic": kind, "strength": strength, "steps": 4})
    losses = losses_at(InRegions(tuple(zip(styles, regions, strict=True))), recipe, backbone)(0, waves(40, 40))
    assert [loss.layer for loss in losses if isinstance(loss, StyleTerm)] == ["relu1_1"]
    made = stylise(waves(40, 40), InRegions(tuple(zip(styles, regions, strict=True))), recipe, 0, backbone)
    assert made.image.isfinite().all()


def test_regions_go_along_to_coarser_sizes(backbone: Backbone) -> None:
    recipe = QUICK.changed({"size": 200, "coarse_steps": 8, "steps": 8})
    artworks = [waves(60, 60, 9, 1), waves(60, 60, 0.2, 0.4) * torch.tensor([0.2, 0.4, 1.0]).view(3, 1, 1)]
    styles = [style_targets([artwork], [1], recipe, backbone) for artwork in artworks]
    made = stylise(waves(120, 200), InRegions(tuple(zip(styles, halves(120, 200), strict=True))), recipe, 0, backbone)
    assert len(made.losses) == 16
    for columns, (own, other) in ((slice(0, 90), styles), (slice(110, 200), styles[::-1])):
        assert distance(made.image, own, columns, backbone) < 0.6 * distance(made.image, other, columns, backbone)


def test_lanes_with_regions_of_their_own_do_not_mix(
    backbone: Backbone, styles: tuple[StyleTargets, StyleTargets]
) -> None:
    left, right = halves(40, 40)
    wanted = [
        OptimisationRequest(waves(40, 40), InRegions(((styles[0], left), (styles[1], right)))),
        OptimisationRequest(waves(40, 40, 2, 5), InRegions(((styles[1], left),))),
        OptimisationRequest(waves(40, 40, 1, 1), styles[0]),
    ]
    recipe = QUICK.changed({"lanes": 3})
    together = dict(stylise_all(wanted, recipe, backbone))
    for number, one in enumerate(wanted):
        ((_, alone),) = stylise_all([one], recipe, backbone)
        assert torch.equal(alone.image, together[number].image)


def test_in_tiles_loss_and_gradient_are_those_of_the_whole(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "SIDE", 64)
    monkeypatch.setattr(tiling, "HALO", 32)
    recipe = QUICK.changed({"size": 200, "whole_megapixels": 0.02, "strength": 0.9})
    content, picture = waves(150, 163), waves(150, 163, 2, 5)
    style = style_targets([waves(60, 40, 6, 1)], [1], recipe, backbone)
    corner = torch.zeros(150, 163)
    corner[:40, :50] = torch.linspace(0, 1, 50)  # tiles without any, and one with grey levels
    wanted = InRegions(((style, Region(corner)), (style, Region(1 - corner))))
    answers = [
        evaluate(
            [LossRequest(picture, losses_at(wanted, each, backbone)(0, content), tiles(each, 150, 163))], backbone, 1
        )
        for each in (recipe, recipe.changed({"whole_megapixels": 2.0}))
    ]
    (tiled,), (whole,) = answers
    assert tiled.loss == pytest.approx(whole.loss, rel=1e-3)
    assert (tiled.gradient - whole.gradient).norm() < 0.01 * whole.gradient.norm()
