"""Precision, recall, density and coverage: do samples lie where real pictures lie, and everywhere that they lie?

Precision and recall as Kynkäänniemi et al. 2019 (arXiv 1904.06991), density and coverage as Naeem et al. 2020 (arXiv
2002.09797). A picture's neighbourhood is the open ball that reaches to the k-th nearest other picture of its own set.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.gan.metrics.pairwise_distances import Features, blocks, blocks_of_others
from core.gan.metrics.resampling import RESAMPLES, Estimate, ResampleMask, estimate, whole_and_halves

NEIGHBOURS = 5
"""k: Naeem et al.'s."""


def prdc(
    real: Features, fake: Features, k: int = NEIGHBOURS, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Estimate, Estimate, Estimate, Estimate]:
    """Precision, recall, density and coverage of samples `fake` (m, d) against `real` (n, d), each with its spread.

    Raises ValueError if a set has k pictures or fewer.
    """
    if min(len(real), len(fake)) <= k:
        raise ValueError(f"{len(real)} real and {len(fake)} made pictures are too few to have {k} neighbours each")
    of_real, of_fake = whole_and_halves(len(real), len(fake), resamples, seed, least=k + 1)
    values = _values(real, fake, k, of_real, of_fake)
    precision, recall, density, coverage = (estimate(column) for column in values.T)
    return precision, recall, density, coverage


def coverage_of_equals(real: int, fake: int, k: int = NEIGHBOURS) -> float:
    """Expected coverage of `fake` samples drawn from the distribution of the `real` pictures (Naeem et al. 2020, 3.3).

    >>> round(coverage_of_equals(10_000, 10_000), 3)
    0.969
    """
    return 1 - math.prod((real - place) / (real + fake - place) for place in range(1, k + 1))


def _values(
    real: Features, fake: Features, k: int, of_real: ResampleMask, of_fake: ResampleMask
) -> npt.NDArray[np.float64]:
    """The four figures (r, 4) on each choice of pictures."""
    chosen = [(torch.from_numpy(a), torch.from_numpy(b)) for a, b in zip(of_real, of_fake, strict=True)]
    around_real = _radii(real, k, [mine for mine, _ in chosen])
    around_fake = _radii(fake, k, [mine for _, mine in chosen])
    balls = torch.zeros(of_fake.shape, dtype=torch.float64)
    recalled, covered = torch.zeros(2, len(chosen), dtype=torch.float64)
    for rows, distances in blocks(real, fake):
        for place, (mine, theirs) in enumerate(chosen):
            here = mine[rows]
            apart = distances[here][:, theirs]
            within = apart < around_real[place, rows][here, None]
            balls[place, theirs] += within.sum(0)
            covered[place] += within.any(1).sum()
            recalled[place] += (apart < around_fake[place, theirs]).any(1).sum()
    reals, fakes = (torch.from_numpy(rows.sum(1)) for rows in (of_real, of_fake))
    columns = ((balls > 0).sum(1) / fakes, recalled / reals, balls.sum(1) / fakes / k, covered / reals)
    return torch.stack(columns, 1).numpy()


def _radii(x: Features, k: int, chosen: list[Tensor]) -> Tensor:
    """How far each picture's k-th nearest of the same choice is, (r, n); nan for those not chosen."""
    found = torch.full((len(chosen), len(x)), torch.nan, dtype=torch.float64)
    for rows, distances in blocks_of_others(x):
        for place, mine in enumerate(chosen):
            here = mine[rows]
            found[place, rows][here] = distances[here][:, mine].kthvalue(k, dim=1).values
    return found
