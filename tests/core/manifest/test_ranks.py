from __future__ import annotations

import numpy as np
import pytest

from core.manifest.ranks import percentiles


def test_percentiles_are_of_a_group_with_equal_scores_in_the_middle() -> None:
    groups = ["a", "a", "b", "a", "b", "a", "b"]
    scores = [0.1, 0.3, 0.5, 0.3, None, 0.9, float("nan")]
    assert percentiles(groups, scores) == [12.5, 50.0, 50.0, 50.0, None, 87.5, None]
    assert percentiles([], []) == []
    assert percentiles([None], [None]) == [None]


def test_many_percentiles_are_spread_evenly() -> None:
    scores = np.random.default_rng(0).permutation(1000) / 1000
    found = percentiles(["x"] * 1000, scores.tolist())
    assert found == pytest.approx(((scores * 1000).round() + 0.5) / 10)
