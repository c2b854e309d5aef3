"""A folder of labelled pictures, and features of classes that lie apart, so that what is learnt can be foretold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from core.networks.feature_spec import WIDE_DIMS

MOST = 10**8
"""Pixels that a picture may have."""

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


def picture(path: Path, grey: int) -> None:
    """A small grey picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (12, 9), grey).save(path)


def label_folder(root: Path) -> Path:
    """Two cats, a dog, and a picture of no class."""
    for number, name in enumerate(["cat/a.png", "cat/deep/b.png", "dog/c.png", "stray.png"]):
        picture(root / "data" / name, 40 * number)
    return root / "data"
