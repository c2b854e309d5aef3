"""Distances between a set of samples and a set of real pictures: KID, precision, recall, density, coverage, FID.

Every figure is computed on all pictures of both sets, with its spread over resamples (core/gan/metrics/resampling.py). It is
comparable only between equal features and equal numbers of pictures; a result names both. The tests hold the values
against torchmetrics and torch-fidelity. Neither is used here: torchmetrics draws its subsets from torch's global
generator, whose state a training must be able to repeat, and both measure features of a network that is a download.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.gan.metrics.pairwise_distances import BLOCK, Features
from core.gan.metrics.prdc import NEIGHBOURS, coverage_of_equals, prdc
from core.gan.metrics.resampling import RESAMPLES, Estimate, estimate, whole_and_halves

FID_ENOUGH = 10_000
"""Pictures of each set from which FID's bias is usually small (Heusel et al. 2017 use 10,000 at least)."""


@dataclass(frozen=True)
class SetMetrics:
    """A set of samples against a set of real pictures."""

    features: str
    """Name of the feature network."""
    real: int
    fake: int
    """How many pictures each set has."""
    k: int
    resamples: int
    kid: Estimate
    """Kernel inception distance, 0 for equal distributions; unbiased, so it may lie a little below 0."""
    precision: Estimate
    """Share of samples that lie within the real pictures' neighbourhoods."""
    recall: Estimate
    """Share of real pictures that lie within the samples' neighbourhoods."""
    density: Estimate
    """How many real neighbourhoods a sample lies in, over k; can exceed 1."""
    coverage: Estimate
    """Share of real pictures whose neighbourhood holds a sample."""
    coverage_of_equals: float
    """The coverage to expect of samples from the very distribution of the real pictures."""
    fid: float
    fid_warning: str | None
    """Why FID tells little at these numbers of pictures, or None if there are enough."""


def set_metrics(
    real: Features, fake: Features, features: str, k: int = NEIGHBOURS, resamples: int = RESAMPLES, seed: int = 0
) -> SetMetrics:
    """Every figure of `fake` (m, d) against `real` (n, d), features from the network named `features`.

    Raises ValueError if a set has k pictures or fewer.
    """
    precision, recall, density, coverage = prdc(real, fake, k, resamples, seed)
    return SetMetrics(
        features=features,
        real=len(real),
        fake=len(fake),
        k=k,
        resamples=resamples,
        kid=kid(real, fake, resamples, seed),
        precision=precision,
        recall=recall,
        density=density,
        coverage=coverage,
        coverage_of_equals=coverage_of_equals(len(real), len(fake), k),
        fid=fid(real, fake),
        fid_warning=fid_warning(len(real), len(fake), real.shape[1]),
    )


def kid(real: Features, fake: Features, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Kernel inception distance (Bińkowski et al. 2018): the unbiased squared MMD with kernel (x.y / d + 1)^3.

    real (n, d), fake (m, d). A second for a thousand pictures each. Raises ValueError if a set has fewer than two.
    """
    if min(len(real), len(fake)) < 2:
        raise ValueError(f"KID needs two pictures of each kind at least, not {len(real)} and {len(fake)}")
    x, y = (torch.tensor(rows, dtype=torch.float64) for rows in (real, fake))
    chosen = whole_and_halves(len(x), len(y), resamples, seed, least=2)
    in_x, in_y = (torch.from_numpy(rows.astype(np.float64)) for rows in chosen)
    n, m = in_x.sum(1), in_y.sum(1)
    within_x = (_kernel_sum(x, x, in_x, in_x) - in_x @ _diagonal(x)) / (n * (n - 1))
    within_y = (_kernel_sum(y, y, in_y, in_y) - in_y @ _diagonal(y)) / (m * (m - 1))
    values = within_x + within_y - 2 * _kernel_sum(x, y, in_x, in_y) / (n * m)
    return estimate(values.numpy())


def fid(real: Features, fake: Features) -> float:
    """Fréchet distance of two Gaussians fitted to the sets (Heusel et al. 2017): |m - w|^2 + tr(C + W - 2 (CW)^1/2)."""
    c, v = _factor(real), _factor(fake)
    between = float(np.square(np.mean(real, 0, np.float64) - np.mean(fake, 0, np.float64)).sum())
    # With C = c'c and W = v'v, CW has the eigenvalues of (cv')(cv')', besides zeros.
    both = c @ v.T
    overlap = torch.linalg.eigvalsh(both @ both.T).clamp_min(0).sqrt().sum()
    return between + float(c.square().sum() + v.square().sum() - 2 * overlap)


def fid_warning(real: int, fake: int, dims: int) -> str | None:
    """What to say beside an FID of so many pictures with features of length `dims`; None if there are enough."""
    least = min(real, fake)
    if least >= FID_ENOUGH:
        return None
    why = f"FID is biased upwards at small n (here {real:,} and {fake:,} pictures): compare it at equal n alone"
    if least > dims:
        return f"{why}; KID is unbiased."
    return f"{why}. Its covariance of {dims:,} features cannot be known from {least:,} pictures; use KID."


def _kernel_sum(x: Tensor, y: Tensor, in_x: Tensor, in_y: Tensor) -> Tensor:
    """Sum of kernel(x_i, y_j) over the pairs that each row of `in_x`, `in_y` (r, n), (r, m) chooses; (r,)."""
    total = torch.zeros(len(in_x), dtype=torch.float64)
    step = max(1, BLOCK // len(y))
    for start in range(0, len(x), step):
        kernel = (x[start : start + step] @ y.T / x.shape[1] + 1) ** 3
        total += (in_x[:, start : start + step] @ kernel * in_y).sum(1)
    return total


def _diagonal(x: Tensor) -> Tensor:
    return (x.square().sum(1) / x.shape[1] + 1) ** 3


def _factor(rows: Features) -> Tensor:
    """A matrix f, (n, d) or (d, d), whose f'f is the covariance of the rows (n, d)."""
    x = torch.tensor(rows, dtype=torch.float64)
    factor = (x - x.mean(0)) / math.sqrt(len(x) - 1)
    return factor if len(x) <= x.shape[1] else torch.linalg.qr(factor, mode="r").R
