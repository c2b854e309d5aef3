"""Standard error of a metric by the delete-half jackknife: over resamples that each leave out half of both sets.

This is the delete-half jackknife (Shao & Wu 1989): the standard deviation over halves, drawn without replacement, estimates
the standard error of the figure on the whole sets. (KID's is up to 1.7 times too wide where the sets are nearly alike, since
it then falls with 1/n.) A bootstrap would not do: a picture that is drawn twice is its own nearest neighbour.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RESAMPLES = 30
"""Resamples over which a spread is taken; its own relative error is then about 13 %."""

ResampleMask = npt.NDArray[np.bool_]
"""Which pictures of a set are in each resample, (r, n)."""


class Estimate(NamedTuple):
    """A figure on all pictures, and its standard error: nan where half a set is too small to have it."""

    value: float
    spread: float


def whole_and_halves(real: int, fake: int, resamples: int, seed: int, least: int) -> tuple[ResampleMask, ResampleMask]:
    """Which of `real` and `fake` pictures to use: all of them in the first row, then half of each, `resamples` times.

    There are no halves if half a set has fewer than `least` pictures.
    """
    draw = np.random.default_rng(seed)
    rows = resamples if min(real, fake) // 2 >= least else 0
    return _rows(draw, real, rows), _rows(draw, fake, rows)


def estimate(values: npt.NDArray[np.float64]) -> Estimate:
    """The figure from its values (r,) on the rows of `whole_and_halves`."""
    spread = float(values[1:].std(ddof=1)) if len(values) > 2 else math.nan
    return Estimate(float(values[0]), spread)


def _rows(draw: np.random.Generator, count: int, resamples: int) -> ResampleMask:
    halves = [draw.permutation(count) < count // 2 for _ in range(resamples)]
    return np.array([np.ones(count, bool), *halves])
