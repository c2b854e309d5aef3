"""Feature networks: a picture's features are its own, and pictures that look alike are near."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from skimage import data

from core.gan.metrics.features import (
    LANES,
    EfficientNetFeatures,
    FeatureNetwork,
    VggFeatures,
    efficientnet_side,
    resized,
    vgg_side,
)
from core.images.pixel_types import RgbPictures
from core.networks import efficientnet

CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=["efficientnet", "vgg19"])
def network(request: pytest.FixtureRequest) -> FeatureNetwork:
    return EfficientNetFeatures(CPU, 96) if request.param == "efficientnet" else VggFeatures(CPU, 64)


def squares(*names: str, side: int = 64) -> RgbPictures:
    """Middles of scikit-image's photographs."""
    found = []
    for name in names:
        picture = getattr(data, name)()[..., :3]
        top, left = ((length - 256) // 2 for length in picture.shape[:2])
        found.append(picture[top : top + 256, left : left + 256])
    return resized(np.stack(found), side)


def test_shape_type_and_progress(network: FeatureNetwork) -> None:
    told: list[tuple[int, int]] = []
    pictures = np.random.default_rng(0).integers(0, 256, (LANES + 3, 32, 32, 3), dtype=np.uint8)
    found = network.features(pictures, lambda *place: told.append(place))
    assert found.shape == (LANES + 3, network.dims)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert told == [(LANES, LANES + 3), (LANES + 3, LANES + 3)]


def test_a_pictures_features_do_not_hang_on_its_neighbours(network: FeatureNetwork) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (LANES + 2, 48, 48, 3), dtype=np.uint8)
    together = network.features(pictures)
    backwards = network.features(pictures[::-1].copy())[::-1]
    assert (together == backwards).all()
    assert (network.features(pictures[5:6])[0] == together[5]).all()


def test_alike_is_nearer_than_other(network: FeatureNetwork) -> None:
    chelsea, darker, coffee, rocket = network.features(
        np.concatenate([squares("chelsea"), squares("chelsea") // 8 * 7, squares("coffee", "rocket")])
    )
    near = np.linalg.norm(chelsea - darker)
    assert near < 0.5 * min(np.linalg.norm(chelsea - coffee), np.linalg.norm(chelsea - rocket))


def test_every_part_of_vgg_counts() -> None:
    found = VggFeatures(CPU, 64).features(squares("chelsea", "coffee", "rocket", "astronaut"))
    spreads = [part.std(0).mean() for part in np.split(found, [256, 768], axis=1)]
    assert max(spreads) < 6 * min(spreads)


def test_efficientnets_features_are_what_its_classifier_reads() -> None:
    pictures = squares("chelsea", "coffee", side=224)
    with torch.inference_mode():
        expected = efficientnet.load()(efficientnet.normalised(torch.from_numpy(pictures))).pooled.numpy()
    assert EfficientNetFeatures(CPU).features(pictures) == pytest.approx(expected, abs=1e-4)


def test_names_tell_network_layer_and_side() -> None:
    assert EfficientNetFeatures(CPU).name == "efficientnet-lite0 pooled, 224 px"
    assert VggFeatures(CPU, 96).name == "vgg19 means of relu3_1+relu4_1+relu5_1, 96 px"


def test_sides_follow_the_samples_size() -> None:
    assert [efficientnet_side(size) for size in (28, 32, 64, 256)] == [96, 96, 224, 224]
    assert [vgg_side(size) for size in (28, 64, 128, 256)] == [64, 64, 128, 128]


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 8, 8), np.uint8),
        np.zeros((2, 3, 8, 8), np.uint8),
        np.zeros((2, 8, 8, 3), np.float32),
        np.zeros((0, 8, 8, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(network: FeatureNetwork, wrong: object) -> None:
    with pytest.raises(ValueError, match="not 8-bit RGB"):
        network.features(wrong)  # type: ignore[arg-type]
