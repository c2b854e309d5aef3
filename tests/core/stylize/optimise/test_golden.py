"""Golden pictures: a change of the algorithm is noticed, another engine is not.

Measured: one thread or two, AVX2 or AVX-512 agree in the first four digits of a few float32 steps. When this
fails and the change is meant, raise ALGORITHM in core/config/methods.py and take new values from `python -m
tests.core.stylize.golden`.
"""

from __future__ import annotations

import pytest

from core.config.methods import ALGORITHM
from tests.core.stylize.golden import made, painted, summary

OF_ALGORITHM = {"optimise": 3, "fast": 3, "polish": 3}
"""Polishing optimises what is painted, so it changes with either."""

VALUES: dict[str, tuple[list[float], list[float]]] = {
    "gram": (
        [4665000.0, 3029000.0, 1688000.0, 1086000.0, 822900.0, 629900.0],
        [0.497, 0.221, 0.502, 0.188, 0.489, 0.234, 0.5, 0.221, 0.507, 0.188, 0.483, 0.228],
    ),
    "moments": (
        [1344.0, 805.3, 438.2, 372.2, 351.1],
        [0.491, 0.171, 0.497, 0.163, 0.486, 0.171, 0.487, 0.165, 0.502, 0.164, 0.487, 0.176],
    ),
    "coarse": (
        [85750.0, 44540.0, 28550.0, 17930.0, 2053.0, 1484.0],
        [0.5, 0.232, 0.519, 0.198, 0.418, 0.251, 0.493, 0.234, 0.533, 0.199, 0.411, 0.25],
    ),
    "noise": (
        [1001.0, 905.9, 794.4, 737.7, 644.7],
        [0.493, 0.226, 0.489, 0.233, 0.539, 0.215, 0.499, 0.223, 0.503, 0.233, 0.516, 0.218],
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_golden_pictures_are_as_they_were(name: str) -> None:
    losses, fields = summary(made(name))
    assert losses == pytest.approx(VALUES[name][0], rel=3e-3)
    assert fields == pytest.approx(VALUES[name][1], abs=4e-3)


def test_a_picture_painted_in_one_pass_is_as_it_was() -> None:
    _, fields = summary(painted())
    golden = [0.504, 0.181, 0.391, 0.225, 0.425, 0.202, 0.48, 0.158, 0.373, 0.215, 0.451, 0.179]
    assert fields == pytest.approx(golden, abs=4e-3)


def test_the_values_are_of_the_algorithm_in_the_keys() -> None:
    assert ALGORITHM == OF_ALGORITHM
