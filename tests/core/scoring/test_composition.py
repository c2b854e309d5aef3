import numpy as np
import pytest

from core.scoring.composition import composition


def spot(height: float, width: float) -> np.ndarray:
    y, x = np.indices((90, 120))
    return np.exp(-((y - 90 * height) ** 2 + (x - 120 * width) ** 2) / 40).astype(np.float32)


FLAT = np.full((90, 120), 0.5, np.float32)


def test_a_spot_on_a_third_is_on_a_third() -> None:
    on, off, even = (composition(each, FLAT).thirds for each in (spot(1 / 3, 2 / 3), spot(0.5, 0.5), FLAT))
    assert on is not None
    assert off is not None
    assert on > 0.8
    assert off < 0.1
    assert even == pytest.approx(0.5, abs=0.02)


def test_weights_on_both_sides_balance() -> None:
    both, one = (composition(each, FLAT).balance for each in (spot(0.5, 0.2) + spot(0.5, 0.8), spot(0.5, 0.1)))
    assert both == pytest.approx(1, abs=0.02)
    assert one is not None
    assert one < 0.1


def test_a_horizon_lies_where_sky_meets_land() -> None:
    scene = np.full((90, 120), 0.8, np.float32)
    scene[60:] = 0.3
    assert composition(FLAT, scene).horizon == pytest.approx(1 / 3, abs=0.02)
    assert composition(FLAT, np.random.default_rng(0).random((90, 120), np.float32)).horizon is None


def test_a_flat_picture_has_no_composition() -> None:
    found = composition(np.zeros((90, 120), np.float32), FLAT)
    assert (found.thirds, found.balance, found.horizon) == (None, None, None)
