"""MNIST-like files for tests, made from bytes."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """An IDX file's bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(folder: Path, count: int = 40, part: str = "train", zipped: bool = True) -> NDArray[np.uint8]:
    """Pictures and labels of one part; returns the pictures (count, 28, 28). Label i is i mod 10."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = np.random.default_rng(len(part)).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    labels = (np.arange(count) % 10).astype(np.uint8)
    for name, array in (("images-idx3-ubyte", pictures), ("labels-idx1-ubyte", labels)):
        data = idx_bytes(array)
        path = folder / (f"{part}-{name}.gz" if zipped else f"{part}-{name}")
        path.write_bytes(gzip.compress(data) if zipped else data)
    return pictures
