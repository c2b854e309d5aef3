"""Nearest neighbours in blocks."""

from __future__ import annotations

import numpy as np
import pytest

from core.gan.metrics import pairwise_distances
from core.gan.metrics.pairwise_distances import nearest, nearest_others

X = np.random.default_rng(0).normal(size=(40, 12)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(30, 12)).astype(np.float32)
APART = np.linalg.norm(X[:, None].astype(np.float64) - Y[None], axis=2)


@pytest.mark.parametrize("block", [1, 100, 10**6])
def test_nearest_are_found_in_blocks_of_any_size(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairwise_distances, "BLOCK", block)
    found = nearest(X, Y, 3)
    assert found.indices.tolist() == APART.argsort(axis=1)[:, :3].tolist()
    assert found.distances == pytest.approx(np.sort(APART, axis=1)[:, :3], abs=1e-9)


@pytest.mark.parametrize("block", [1, 100, 10**6])
def test_a_picture_is_not_its_own_neighbour(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairwise_distances, "BLOCK", block)
    found = nearest_others(X, 2)
    assert not (found.indices == np.arange(len(X))[:, None]).any()
    within = np.linalg.norm(X[:, None].astype(np.float64) - X[None], axis=2)
    assert found.distances[:, 1] == pytest.approx(np.sort(within, axis=1)[:, 2], abs=1e-9)


def test_of_equally_near_ones_the_first_comes_first() -> None:
    twice = np.concatenate([Y, Y])
    assert nearest(Y, twice, 2).indices.tolist() == [[place, place + 30] for place in range(30)]
    assert nearest(Y, twice).indices[:, 0].tolist() == list(range(30))
    assert nearest_others(twice).indices[:30, 0].tolist() == list(range(30, 60))


def test_copies_among_large_features_are_at_distance_nearly_zero() -> None:
    far = X * 10 + 1000
    assert nearest(far, far).distances.max() < 1e-3


@pytest.mark.parametrize(
    ("x", "y", "k", "words"),
    [
        (X, Y[:, :5], 1, "different lengths"),
        (X, Y[:2], 3, "too few"),
        (X, Y, 0, "too few"),
        (X[0], Y, 1, "one row a picture"),
        (X[:0], Y, 1, "one row a picture"),
        (np.full_like(X, np.nan), Y, 1, "not finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(x: object, y: object, k: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        nearest(x, y, k)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="too few"):
        nearest_others(X[:2], 2)
