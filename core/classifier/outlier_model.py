"""Outlier model: a Gaussian of the training pictures' features, and the distance beyond which a picture is an outlier."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.networks.classifier import Outliers

MainFeatures = Float[NDArray[np.float64], "n 1280"]
LEAST_DEVIATION = 1e-3
"""Standard deviation along a direction, at the least."""


def fit_gaussian(features: MainFeatures, directions: int, limit: float = 1.0) -> Outliers:
    """The Gaussian of pictures' features: exact in the main directions, of one width in the others."""
    mean = features.mean(0)
    _, values, rows = np.linalg.svd(features - mean, full_matrices=False)
    variances = values**2 / max(1, len(features) - 1)
    kept = max(1, min(directions, len(values) - 1))
    others = features.shape[1] - kept
    rest = np.sqrt(max(variances[kept:].sum() / others, LEAST_DEVIATION**2)) if others else 1.0
    basis = rows[:kept].T / np.sqrt(np.maximum(variances[:kept], rest**2))
    return Outliers(mean.astype(np.float32), basis.astype(np.float32), float(rest), limit)


def distance_limit(
    features: MainFeatures, folds: Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]], directions: int, usual: float
) -> float:
    """The distance that a share `usual` of pictures keeps below when the Gaussian has not seen them."""
    held_out = [fit_gaussian(features[training], directions).distance(features[unseen]) for training, unseen in folds]
    return float(np.quantile(np.concatenate(held_out), usual))
