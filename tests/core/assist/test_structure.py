from __future__ import annotations

import math

import numpy as np
import pytest

from core.assist import structure
from core.images.lab_view import LabView
from core.scoring.saliency import saliency
from core.scoring.symmetry import symmetry
from tests.core.assist.pictures import ODD, flat, shown, stripes


@pytest.mark.parametrize("angle", [0, 30, 90, 135])
def test_lines_run_where_they_run(angle: int) -> None:
    picture = stripes(angle)
    found = structure.directions(structure.structure_tensor(picture))
    assert found is not None
    assert abs((found.main - angle + 90) % 180 - 90) < 3
    assert found.agreement > 0.9
    assert found.coherence > 0.8
    assert sum(found.histogram) == pytest.approx(1)


def test_noise_has_no_direction() -> None:
    picture = shown(np.random.default_rng(0).integers(0, 256, (120, 120, 1)).repeat(3, 2))
    found = structure.directions(structure.structure_tensor(picture))
    assert found is not None
    assert found.agreement < 0.25
    assert found.coherence < 0.6


def test_coarse_texture_has_a_larger_scale() -> None:
    fine, coarse = (structure.texture_scale(stripes(20, period=period)) for period in (5.0, 20.0))
    assert fine is not None
    assert coarse is not None
    assert coarse == pytest.approx(4 * fine, rel=0.3)
    assert fine == pytest.approx(2.5 / 96, rel=0.3)  # half a wave


def test_tones_are_found_with_their_shares() -> None:
    rgb = np.zeros((40, 100, 3))
    rgb[:, 20:70], rgb[:, 70:] = 120, 245
    found = structure.tones(shown(rgb))
    assert found.shares == pytest.approx((0.2, 0.5, 0.3), abs=0.01)
    assert found.levels == pytest.approx((0, 50, 96.5), abs=1.5)
    assert found.plan[0, [0, 50, 90]].tolist() == [0, 1, 2]


def test_a_mirrored_picture_is_symmetric_about_its_middle() -> None:
    half = np.random.default_rng(0).integers(0, 256, (60, 40, 3))
    found = symmetry(shown(np.concatenate([half, half[:, ::-1]], 1)))
    assert found is not None
    assert found.left_right > 0.95
    assert found.axis == pytest.approx(0.5, abs=0.02)
    assert found.top_bottom < 0.5


def test_the_eye_is_drawn_to_what_differs() -> None:
    rgb = np.full((80, 120, 3), (60, 90, 120))
    rgb[30:42, 84:96] = (240, 60, 40)
    found = saliency(shown(rgb))
    assert found[32:40, 86:94].mean() > 0.8
    assert found[:20, :40].mean() < 0.15
    assert saliency(flat(9, 9, 9)).max() == 0


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_odd_pictures_have_finite_values_or_none(odd: LabView) -> None:
    found = structure.directions(structure.structure_tensor(odd))
    values = [found.main, found.agreement, found.coherence, *found.histogram] if found else []
    scale, mirrored, tones = structure.texture_scale(odd), symmetry(odd), structure.tones(odd)
    values += [scale] if scale is not None else []
    values += [mirrored.left_right, mirrored.axis, mirrored.top_bottom] if mirrored else []
    assert all(math.isfinite(value) for value in (*values, *tones.levels, *tones.shares))
    assert sum(tones.shares) == pytest.approx(1)
    assert np.isfinite(saliency(odd)).all()
