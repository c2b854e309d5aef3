"""Features of pictures: one vector a picture, alike for pictures that look alike."""

import numpy as np
import pytest
import torch
from skimage import data as pictures

from core.networks.features import DIMS, WIDE_DIMS, FeatureExtractor, views


@pytest.fixture(scope="module")
def features() -> FeatureExtractor:
    return FeatureExtractor(torch.device("cpu"))


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_a_picture_is_nearer_to_its_mirrored_smaller_copy_than_to_another_picture(features: FeatureExtractor) -> None:
    cat, cup = pictures.chelsea(), pictures.coffee()
    found = features.of(cat)
    assert found.shape == (DIMS,)
    assert found.dtype == np.float32
    copy = features.of(np.ascontiguousarray(cat[::2, ::-2]))
    assert likeness(found, copy) > 0.9 > 0.7 > likeness(found, features.of(cup))


def test_white_margins_make_no_difference(features: FeatureExtractor) -> None:
    cat = pictures.chelsea()
    framed = np.pad(cat, ((40, 40), (90, 0), (0, 0)), constant_values=255)
    assert np.allclose(features.of(framed), features.of(cat))


def test_wide_features_begin_with_the_features(features: FeatureExtractor) -> None:
    cat = pictures.chelsea()
    wide = features.wide(cat)
    assert wide.shape == (WIDE_DIMS,)
    assert np.allclose(wide[:DIMS], features.of(cat), atol=1e-6)
    assert np.isfinite(wide).all()


def test_features_do_not_hang_on_what_was_seen_before(features: FeatureExtractor) -> None:
    cat, cup = pictures.chelsea(), pictures.coffee()
    first = features.of(cat)
    features.of(cup)
    assert np.array_equal(first, features.of(cat))


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (3, 2)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_plain_and_tiny_pictures_have_finite_features(
    features: FeatureExtractor, shape: tuple[int, int], level: int
) -> None:
    assert np.isfinite(features.of(np.full((*shape, 3), level, np.uint8))).all()


def test_what_is_not_a_picture_is_refused() -> None:
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="not an 8-bit RGB picture"):
            views(wrong)
