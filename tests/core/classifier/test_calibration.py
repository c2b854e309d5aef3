"""Calibration: probabilities that are too bold are softened, and a threshold keeps what is asked for."""

import numpy as np
import pytest

from core.classifier.calibration import calibration_error, reliability, temperature_of, threshold_for
from core.networks.classifier import softmax


def drawn(count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn with just the probabilities that they say."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(count, 3)) * 2
    labels = np.array([rng.choice(3, p=share) for share in softmax(logits)])
    return logits, labels


def test_the_temperature_undoes_too_much_boldness() -> None:
    logits, labels = drawn()
    assert temperature_of(logits * 4, labels) == pytest.approx(4, rel=0.05)
    assert calibration_error(reliability(logits, labels)) < 0.01
    assert calibration_error(reliability(logits * 4, labels)) > 0.1


def test_bins_hold_equally_many_pictures() -> None:
    logits, labels = drawn(1003)
    bins = reliability(logits, labels)
    assert sum(each.pictures for each in bins) == 1003
    assert {each.pictures for each in bins} == {100, 101}
    assert [each.probability for each in bins] == sorted(each.probability for each in bins)


def test_labels_above_the_threshold_are_as_often_right_as_asked_for() -> None:
    logits, labels = drawn()
    at = threshold_for(logits, labels, 0.9)
    shares = softmax(logits)
    known = shares.max(1) >= at
    assert (shares.argmax(1) == labels)[known].mean() >= 0.9
    assert 0.3 < known.mean() < 1


def test_a_threshold_where_all_or_nothing_is_right() -> None:
    logits = np.array([[3.0, 0.0], [2.0, 0.0], [1.0, 0.0]])
    assert threshold_for(logits, np.array([0, 0, 0]), 0.99) == 0
    assert threshold_for(logits, np.array([1, 1, 1]), 0.99) == 1
