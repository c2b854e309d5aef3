"""Targets: artworks mix by their weights, at every size that an optimisation will use."""

from __future__ import annotations

import pytest
import torch

from core.networks.backbone import Backbone
from core.stylize.optimise.losses import ContentLoss
from core.stylize.optimise.moment_losses import GramLoss, MomentsLoss
from core.stylize.optimise.moments import moments
from core.stylize.optimise.targets import content_losses, style_losses, style_targets
from tests.core.stylize.conftest import QUICK, waves


def test_one_artworks_target_is_its_gram_matrix(backbone: Backbone) -> None:
    artwork = waves(24, 30)
    targets = style_targets([artwork], [0.7], QUICK, backbone)
    expected = moments(backbone.features(artwork.unsqueeze(0))["relu2_1"])[1]
    assert torch.allclose(targets.scales[0]["relu2_1"]["gram"], expected)


def test_artworks_mix_by_weight(backbone: Backbone) -> None:
    one, other = waves(24, 24), waves(20, 28, 1, 5)
    alone = [style_targets([artwork], [1], QUICK, backbone).scales[0]["relu1_1"] for artwork in (one, other)]
    mixed = style_targets([one, other], [3, 1], QUICK, backbone).scales[0]["relu1_1"]
    assert torch.allclose(mixed["gram"], 0.75 * alone[0]["gram"] + 0.25 * alone[1]["gram"])
    assert torch.allclose(mixed["mean"], 0.75 * alone[0]["mean"] + 0.25 * alone[1]["mean"])


def test_only_the_proportion_of_weights_matters(backbone: Backbone) -> None:
    artworks = [waves(16, 16), waves(16, 16, 1, 5)]
    few, many = (style_targets(artworks, [w, 3 * w], QUICK, backbone).scales[0] for w in (1, 20))
    assert torch.allclose(few["relu3_1"]["gram"], many["relu3_1"]["gram"])


def test_every_coarser_size_has_its_targets(backbone: Backbone) -> None:
    recipe = QUICK.changed({"size": 384, "coarse_steps": 2})
    targets = style_targets([waves(40, 40)], [1], recipe, backbone)
    assert len(targets.scales) == 3
    means = [scale["relu1_1"]["mean"] for scale in targets.scales]
    assert not torch.allclose(means[0], means[2], atol=1e-3)


@pytest.mark.parametrize("kind", ["gram", "moments"])
def test_style_losses_are_nothing_on_the_artwork_itself(backbone: Backbone, kind: str) -> None:
    recipe = QUICK.changed({"style_statistic": kind, "style_weight": 100.0})
    artwork = waves(24, 24)
    losses = style_losses(style_targets([artwork], [1], recipe, backbone).scales[0], recipe)
    features = backbone.features(artwork.unsqueeze(0))
    assert {type(term.loss) for term in losses} == {GramLoss if kind == "gram" else MomentsLoss}
    assert len(losses) == 3
    assert all(loss(features).item() < 1e-3 for loss in losses)


def test_content_losses_are_nothing_on_the_content_itself(backbone: Backbone) -> None:
    content = waves(24, 24)
    (loss,) = content_losses(content, QUICK.changed({"content_weight": 4.0}), backbone)
    assert isinstance(loss, ContentLoss)
    assert (loss.layer, loss.weight) == ("relu3_1", 4.0)
    assert loss(backbone.features(content.unsqueeze(0))).item() == 0
    assert loss(backbone.features(content.unsqueeze(0).flip(3))).item() > 0
