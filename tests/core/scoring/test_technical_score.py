from __future__ import annotations

from dataclasses import replace

import pytest

from core.scoring.image_quality import QualityMeasures
from core.scoring.technical_score import technical_score

PHOTO = QualityMeasures(sharpness=0.6, noise=2.0, blocking=0.1, clipping=0.0, banding=0.0, checkerboard=0.0)
PAINTING = QualityMeasures(sharpness=0.7, noise=6.0, blocking=0.1, clipping=0.2, banding=0.0, checkerboard=0.0)
UNKNOWN = QualityMeasures(None, None, None, 0.0, None, None)


@pytest.mark.parametrize("made", [PHOTO, PAINTING, UNKNOWN, replace(PAINTING, sharpness=0.9)])
def test_what_the_originals_have_is_no_fault(made: QualityMeasures) -> None:
    found = technical_score(made, [PHOTO, PAINTING])
    assert (found.score, found.flaw) == (1.0, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sharpness", 0.3),
        ("noise", 40.0),
        ("blocking", 2.0),
        ("clipping", 0.7),
        ("banding", 0.2),
        ("checkerboard", 0.5),
    ],
)
def test_a_fault_costs_quality_and_is_named(name: str, value: float) -> None:
    found = technical_score(replace(PHOTO, **{name: value}), [PHOTO, PAINTING])
    assert found.score < 0.7
    assert found.flaw == name
    worse = technical_score(replace(PHOTO, **{name: value, "noise": 60.0}), [PHOTO, PAINTING])
    assert worse.score < found.score


def test_originals_that_tell_nothing_leave_sharpness_out() -> None:
    assert technical_score(replace(PHOTO, sharpness=0.01), [UNKNOWN]).flaw is None
