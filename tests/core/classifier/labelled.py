"""Features of made-up pictures: classes that lie apart, so that what is learnt of them can be foretold."""

from __future__ import annotations

import numpy as np

from core.networks.feature_spec import WIDE_DIMS

Arrays = tuple[np.ndarray, np.ndarray]


def clouds(count: int, classes: int, apart: float, seed: int = 0) -> Arrays:
    """Wide features (n, 1, 7616) of `count` pictures a class, whose middles are `apart`, and their labels."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(99).normal(size=(classes, WIDE_DIMS)) * apart / np.sqrt(WIDE_DIMS)
    labels = np.repeat(np.arange(classes), count)
    # what varies within a class lies in few directions, as it does with features of pictures
    directions = np.random.default_rng(98).normal(size=(20, WIDE_DIMS)) / np.sqrt(WIDE_DIMS)
    own = rng.normal(size=(len(labels), 20)) @ directions * 3
    noise = rng.normal(size=(len(labels), WIDE_DIMS)) * 0.02
    return (1 + middles[labels] + own + noise).astype(np.float32)[:, None], labels
