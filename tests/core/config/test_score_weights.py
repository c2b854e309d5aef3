from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.config.score_weights import PARTS, ScoreWeights, overall

SHARE = st.floats(0, 1)
WEIGHT = st.floats(0, 10)


@given(st.tuples(*[SHARE] * 4), st.tuples(*[WEIGHT] * 4), st.integers(0, 3), SHARE)
def test_a_score_never_falls_when_a_part_rises(
    values: tuple[float, ...], weights: tuple[float, ...], which: int, more: float
) -> None:
    chosen = ScoreWeights(**dict(zip(PARTS, weights, strict=True)))
    parts = dict(zip(PARTS, values, strict=True))
    better = {**parts, PARTS[which]: max(parts[PARTS[which]], more)}
    assert 0 <= overall(parts, chosen) <= overall(better, chosen) <= 1


def test_a_part_of_no_weight_counts_for_nothing() -> None:
    parts = {"content": 0.4, "style": 0.5, "quality": 0.0, "coherence": 0.9}
    assert overall(parts, ScoreWeights()) == 0
    assert overall(parts, ScoreWeights(quality=0)) == overall({**parts, "quality": 1.0}, ScoreWeights())


def test_a_doubled_weight_is_a_square() -> None:
    parts = {"content": 1.0, "style": 0.5, "quality": 1.0, "coherence": 1.0}
    assert overall(parts, ScoreWeights(style=2)) == pytest.approx(0.25)


def test_weights_can_be_given_as_flags() -> None:
    assert ScoreWeights.model_validate(["style=2", "quality=0"]) == ScoreWeights(style=2, quality=0)
    for wrong in (["style"], ["beauty=1"], ["style=-1"], ["style=nan"]):
        with pytest.raises(ValidationError):
            ScoreWeights.model_validate(wrong)
