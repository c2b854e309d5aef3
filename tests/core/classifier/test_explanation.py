"""Explanations: what speaks for a label lies where it is, and where nothing does, none is made up."""

import numpy as np
import pytest
import torch
from skimage import data as pictures

from core.classifier.explanation import explain, overlay
from core.networks.classifier import Classifier, Outliers
from core.networks.feature_spec import DIMS, WIDE_DIMS
from core.networks.features import FeatureExtractor

CAT = pictures.chelsea()[:300, :300]


@pytest.fixture(scope="module")
def features() -> FeatureExtractor:
    return FeatureExtractor(torch.device("cpu"))


@pytest.fixture(scope="module")
def cats(features: FeatureExtractor) -> Classifier:
    """A classifier that knows a cat by how its features differ from those of a brick wall."""
    weight = np.zeros((WIDE_DIMS, 2), np.float32)
    weight[:DIMS, 0] = features.of(CAT) - features.of(wall())
    outliers = Outliers(np.zeros(DIMS, np.float32), np.eye(DIMS, 1, dtype=np.float32), 1.0, 9.0)
    return Classifier("cats", ("cat", "other"), weight, np.zeros(2, np.float32), 1.0, 0.5, outliers)


def wall() -> np.ndarray:
    return np.repeat(pictures.brick()[:300, :300, None], 3, 2)


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_speaks_for_a_cat_lies_where_the_cat_is(features: FeatureExtractor, cats: Classifier, side: str) -> None:
    halves = [CAT, wall()] if side == "left" else [wall(), CAT]
    found = explain(np.concatenate(halves, 1), cats, features, "cat")
    assert found.support.shape == (300, 600)
    assert found.support.max() == pytest.approx(1)
    left, right = np.maximum(found.support, 0).reshape(300, 2, 300).sum((0, 2))
    assert (left > 3 * right) if side == "left" else (right > 3 * left)
    assert found.focus is not None
    assert found.focus < 0.3


def test_margins_say_nothing_and_for_the_other_label_speaks_the_rest(
    features: FeatureExtractor, cats: Classifier
) -> None:
    framed = np.pad(np.concatenate([CAT, wall()], 1), ((50, 50), (0, 80), (0, 0)), constant_values=255)
    found = explain(framed, cats, features, "other")
    assert not found.support[:50].any()
    assert not found.support[:, -80:].any()
    assert found.support[50:350, :300].mean() < found.support[50:350, 300:600].mean()


def test_an_overlay_keeps_colours_where_something_speaks_for_the_label(
    features: FeatureExtractor, cats: Classifier
) -> None:
    picture = np.concatenate([CAT, wall()], 1)
    found = explain(picture, cats, features, "cat")
    shown = overlay(picture, found).astype(int)
    colourful = shown.max(2) - shown.min(2)
    assert shown.shape == picture.shape
    assert colourful[found.support > 0.5].mean() > 3 * colourful[found.support < 0.02].mean()


def test_plain_and_tiny_pictures_have_finite_explanations(features: FeatureExtractor, cats: Classifier) -> None:
    for rgb in (np.full((1, 1, 3), 255, np.uint8), np.zeros((40, 3, 3), np.uint8)):
        found = explain(rgb, cats, features, "cat")
        assert np.isfinite(found.support).all()
        assert overlay(rgb, found).shape == rgb.shape


def test_a_label_that_is_not_there_is_refused(features: FeatureExtractor, cats: Classifier) -> None:
    with pytest.raises(ValueError, match="no class 'dog'; there are cat, other"):
        explain(CAT, cats, features, "dog")
