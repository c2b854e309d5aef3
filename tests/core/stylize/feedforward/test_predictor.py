import torch

from core.networks.backbone import Backbone
from core.stylize.feedforward.predictor import FARTHEST, StylePredictor, look
from core.stylize.optimise.moment_losses import MomentsLoss
from tests.core.stylize.conftest import waves


def test_a_look_is_mean_and_deviation_of_each_channel(backbone: Backbone) -> None:
    features = backbone.features(waves(40, 56).unsqueeze(0))
    found = look([MomentsLoss().target(each) for each in features.values()])
    parts = [part for each in features.values() for part in (each.mean((2, 3)), each.std((2, 3), unbiased=False))]
    torch.testing.assert_close(found, torch.cat(parts, 1), rtol=1e-3, atol=1e-3)


def test_looks_are_judged_by_those_measured_and_strange_ones_are_cut() -> None:
    torch.manual_seed(0)
    predictor = StylePredictor(6, 10)
    looks = 5 + 3 * torch.randn(500, 6)
    predictor.measure(looks)
    standard = predictor.standard(looks)
    assert standard.mean().abs() < 0.02
    assert (standard.std(0) - 1).abs().max() < 0.05
    assert predictor.standard(looks + 1e6).max() == FARTHEST


def test_different_looks_have_different_embeddings() -> None:
    torch.manual_seed(0)
    predictor = StylePredictor(6, 10)
    found = predictor(torch.randn(2, 6))
    assert found.shape == (2, 10)
    assert not torch.equal(found[0], found[1])
