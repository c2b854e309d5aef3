"""Traits: EfficientNet's pooled features projected to 32 numbers by a fixed matrix of random signs."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import torch
from torch import Tensor

from core.networks.efficientnet import HEAD_CHANNELS

COUNT = 32
"""Numbers that are kept of 1280: distances between pictures stay within about a quarter (Johnson & Lindenstrauss)."""


def traits(pooled: Tensor) -> tuple[float, ...]:
    """The traits of a picture with these pooled features (1280,): sums of them with fixed signs (Achlioptas 2003), over the
    root of their number.
    """
    return traits_of(pooled.float().cpu())


def traits_of(pooled: Tensor) -> tuple[float, ...]:
    """The same of features that are on the CPU, in float32."""
    return tuple((pooled @ torch.from_numpy(_signs()) / HEAD_CHANNELS**0.5).tolist())


@cache
def _signs() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Minus one and one, (1280, 32): the bits of SHA-256 of the numbers of rows, so that no generator can change them."""
    rows = [hashlib.sha256(f"traits {row}".encode()).digest()[: COUNT // 8] for row in range(HEAD_CHANNELS)]
    bits = np.unpackbits(np.frombuffer(b"".join(rows), np.uint8)).reshape(HEAD_CHANNELS, COUNT)
    return bits.astype(np.float32) * 2 - 1
