"""Evaluation of a GAN in training: KID against real pictures, and the diversity of its samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.gan.data.batches import middle
from core.gan.data.dataset import Dataset
from core.gan.metrics.features import FeatureNetwork
from core.gan.metrics.kid_fid import kid
from core.gan.metrics.pairwise_distances import Features
from core.gan.train.sample_grid import drawn, evaluation_noise
from core.gan.train.trainer import GanTrainer

U8 = NDArray[np.uint8]

PAIRS = 2_000
"""Pairs of pictures that diversity is measured on."""


@dataclass(frozen=True)
class Evaluation:
    """KID with its spread over resamples, and diversity: see core.gan.train.metrics_row.GanMetricsRow."""

    kid: float
    kid_spread: float | None
    """None where there are too few pictures to know it."""
    diversity: float


class Evaluator:
    """Measures against the same real pictures every time: held-out ones where there are any, else the data's own."""

    def __init__(self, real: Dataset, size: int, most: int, network: FeatureNetwork) -> None:
        self._network, self._most = network, most
        chosen = np.random.default_rng(0).permutation(len(real))[: max(most, 2)]
        self._real = network.features(_rgb(middle(real.pictures[np.sort(chosen)], size)))

    def measure(self, trainer: GanTrainer) -> Evaluation:
        """Draw as many samples as was agreed, with noise of their own, and compare."""
        made = self._network.features(drawn(trainer, *evaluation_noise(trainer, self._most)))
        found = kid(self._real, made)
        spread = found.spread if math.isfinite(found.spread) else None
        return Evaluation(found.value, spread, spread_of(made) / max(spread_of(self._real), 1e-12))


def spread_of(features: Features) -> float:
    """Mean distance between two pictures of a set, over seeded pairs."""
    draw = np.random.default_rng(0)
    first, second = draw.integers(0, len(features), (2, PAIRS))
    apart = first != second
    return float(np.linalg.norm(features[first[apart]] - features[second[apart]], axis=1).mean())


def _rgb(pictures: U8) -> U8:
    """(n, c, h, w) as (n, h, w, 3)."""
    return np.ascontiguousarray(
        np.broadcast_to(pictures, (len(pictures), 3, *pictures.shape[2:])).transpose(0, 2, 3, 1)
    )
