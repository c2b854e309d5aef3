"""The near-duplicate gate, on real pictures: copies are found, honest pictures are not called copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from core.gan.metrics.features import EfficientNetFeatures
from core.gan.metrics.memorisation_check import CLOSE, COPY, NearCopy, Originals, copy_verdict, near_copy_message
from core.images.pixel_types import RgbPictures
from tests.core.gan.photographs import jpeg, resized_to, tiles

TRAIN, HELD_OUT = tiles()
ASKED = TRAIN[::6]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def network() -> EfficientNetFeatures:
    return EfficientNetFeatures(torch.device("cpu"), 96)


@pytest.fixture(scope="module")
def originals(network: EfficientNetFeatures) -> Originals:
    return Originals(TRAIN, network)


def _noisy(one: RgbPictures) -> RgbPictures:
    return np.clip(one + np.random.default_rng(1).normal(0, 8, one.shape), 0, 255).astype(np.uint8)


def _crop(one: RgbPictures) -> RgbPictures:
    return resized_to(one, 64, box=(4.5, 1.0, 62.5, 59.0))


COPIES: dict[str, Callable[[RgbPictures], RgbPictures]] = {
    "same": lambda one: one,
    "mirrored": lambda one: one[:, ::-1],
    "noise": _noisy,
    "jpeg": lambda one: jpeg(one, 60),
    "cropped": _crop,
    "brighter": lambda one: np.clip(one * 1.2, 0, 255).astype(np.uint8),
    "mirrored, cropped, jpeg": lambda one: jpeg(_crop(np.ascontiguousarray(one[:, ::-1])), 75),
    "red and blue swapped": lambda one: one[..., ::-1],
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_with_their_originals(kind: str, originals: Originals) -> None:
    found = originals.compare(np.stack([COPIES[kind](one) for one in ASKED]))
    right = [one.verdict == "copy" and one.index == 6 * place for place, one in enumerate(found)]
    assert np.mean(right) >= 0.95
    assert np.mean([one.mirrored == ("mirrored" in kind) for one in found]) >= 0.95


def test_honest_pictures_are_no_copies(originals: Originals) -> None:
    found = originals.compare(HELD_OUT)
    assert np.mean([one.verdict == "copy" for one in found]) <= 0.03
    assert 0.6 < np.median([one.ratio for one in found]) < 1.6
    assert 0.7 < np.median([one.bits_ratio for one in found]) < 1.3


def test_an_exact_copy_is_at_nothing(originals: Originals) -> None:
    (found,) = originals.compare(TRAIN[3:4])
    assert (found.verdict, found.index, found.mirrored, found.bits) == ("copy", 3, False, 0)
    assert found.nearness == pytest.approx(0, abs=1e-3)


def test_known_features_are_taken_as_they_are(originals: Originals, network: EfficientNetFeatures) -> None:
    some = HELD_OUT[:5]
    assert originals.compare(some, network.features(some)) == originals.compare(some)


def test_pictures_that_lie_in_the_set_twice_do_not_blind_the_gate(
    originals: Originals, network: EfficientNetFeatures
) -> None:
    doubled = Originals(np.concatenate([TRAIN, TRAIN[:30]]), network)
    assert doubled.distance == pytest.approx(originals.distance, rel=0.2)
    assert doubled.bits == pytest.approx(originals.bits, rel=0.1)
    assert [one.verdict for one in doubled.compare(np.stack([_noisy(one) for one in ASKED[:4]]))] == ["copy"] * 4


def test_a_set_of_nothing_but_repeats_still_finds_copies(network: EfficientNetFeatures) -> None:
    same = Originals(np.repeat(TRAIN[:1], 3, axis=0), network)
    copy, other = same.compare(np.stack([TRAIN[0], HELD_OUT[0]]))
    assert (copy.verdict, other.verdict) == ("copy", "apart")


def test_one_picture_is_refused(network: EfficientNetFeatures) -> None:
    with pytest.raises(ValueError, match="too few"):
        Originals(TRAIN[:1], network)


def test_thresholds_are_included() -> None:
    assert [copy_verdict(value) for value in (0, COPY, COPY + 0.01, CLOSE, CLOSE + 0.01)] == [
        "copy",
        "copy",
        "close",
        "close",
        "apart",
    ]


def test_the_sentence_names_the_picture_and_a_remedy() -> None:
    near = NearCopy("copy", 1, True, 0.31, 20, 0.25, 0.25)
    message = near_copy_message(7, near, ["a.jpg", "b\x1b[2J.jpg"])
    assert "Sample 7" in message
    assert "b" in message
    assert "\x1b" not in message
    assert "mirrored" in message
    assert "20 of 256 bits" in message
    assert "number 1" in near_copy_message(7, near)
