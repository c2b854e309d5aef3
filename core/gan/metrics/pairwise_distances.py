"""Euclidean distances between sets of features, in blocks: memory does not grow with the product of their sizes.

Everything is computed in float64. The squares come from |x|^2 + |y|^2 - 2 x.y, whose error in float32 would be as large
as the distance of a near copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Features = npt.NDArray[np.float32]
"""One row a picture, (n, d)."""

Distances = npt.NDArray[np.float64]

BLOCK = 2**22
"""Distances held at a time: 32 MiB."""


class Nearest(NamedTuple):
    """The k nearest rows of a set to each of n rows, nearest first; at equal distance the lower index first."""

    distances: Distances
    """(n, k)."""
    indices: npt.NDArray[np.int64]
    """(n, k)."""


def nearest(x: Features, y: Features, k: int = 1) -> Nearest:
    """The `k` rows of `y` (m, d) nearest to each row of `x` (n, d). Raises ValueError if m < k or the sets do not fit."""
    if not 1 <= k <= len(y):
        raise ValueError(f"{len(y)} pictures are too few to have {k} nearest neighbours")
    return _collected(blocks(x, y), k)


def nearest_others(x: Features, k: int = 1) -> Nearest:
    """The `k` other rows of `x` (n, d) nearest to each of its rows. Raises ValueError if n <= k."""
    if not 1 <= k < len(x):
        raise ValueError(f"{len(x)} pictures are too few to have {k} nearest neighbours each")
    return _collected(blocks_of_others(x), k)


def blocks(x: Features, y: Features) -> Iterator[tuple[slice, Tensor]]:
    """Rows of the distance matrix of `x` (n, d) and `y` (m, d): slices of x's rows with (rows, m) float64 tensors.

    Raises ValueError if the sets have features of different lengths, none, or values that are not finite.
    """
    wide, tall = _checked(x), _checked(y)
    if wide.shape[1] != tall.shape[1]:
        raise ValueError(f"features of different lengths cannot be compared: {wide.shape[1]} and {tall.shape[1]}")
    lengths, turned = tall.square().sum(1), tall.T
    step = max(1, BLOCK // len(tall))
    for start in range(0, len(wide), step):
        rows = wide[start : start + step]
        squares = rows.square().sum(1, keepdim=True) + lengths - 2 * (rows @ turned)
        yield slice(start, start + len(rows)), squares.clamp_min_(0).sqrt_()


def blocks_of_others(x: Features) -> Iterator[tuple[slice, Tensor]]:
    """The same between the rows of one set, each infinitely far from itself."""
    for rows, distances in blocks(x, x):
        distances[torch.arange(len(distances)), torch.arange(rows.start, rows.stop)] = torch.inf
        yield rows, distances


def _collected(parts: Iterator[tuple[slice, Tensor]], k: int) -> Nearest:
    found = [_least(distances, k) for _, distances in parts]
    values, indices = (torch.cat(column).numpy() for column in zip(*found, strict=True))
    return Nearest(values, indices)


def _least(distances: Tensor, k: int) -> tuple[Tensor, Tensor]:
    if k == 1:
        value, index = distances.min(1, keepdim=True)
        return value, index
    values, indices = distances.topk(k, dim=1, largest=False)
    order = np.lexsort((indices.numpy(), values.numpy()))
    return values, indices.gather(1, torch.from_numpy(order))


def _checked(x: Features) -> Tensor:
    if x.ndim != 2 or not x.size:
        raise ValueError(f"features are one row a picture, (n, d), at least one; not {x.shape}")
    rows = torch.tensor(x, dtype=torch.float64)
    if not bool(torch.isfinite(rows).all()):
        raise ValueError("features that are not finite cannot be compared")
    return rows
