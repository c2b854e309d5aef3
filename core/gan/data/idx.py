"""Reader of IDX, MNIST's own file format, plain or gzip'd (LeCun's description at yann.lecun.com/exdb/mnist)."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import SpecError
from core.safe_text import printable
from core.storage.bounded_read import open_regular

BYTES = 0x08
"""The code of unsigned bytes, the only type that MNIST uses."""

LONGEST = 2 << 30
"""Bytes of content over which a file is not read: MNIST's largest has 47 million."""

IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
"""What the files are called after `train-` or `t10k-`; some mirrors write a dot for the second hyphen."""


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array in an IDX file, plain or gzip'd, of 1 to 3 axes. Raises SpecError naming the file."""
    try:
        data = _content(path)
    except (OSError, EOFError, zlib.error) as error:
        raise _wrong(path, f"it cannot be read ({error})") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != BYTES or not 1 <= data[3] <= 3:
        raise _wrong(path, f"its header is {data[:4].hex() or 'empty'}, not that of an IDX file of bytes")
    axes = data[3]
    if len(data) < 4 + 4 * axes:
        raise _wrong(path, "it ends within its header")
    shape = struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes])
    body = len(data) - 4 - 4 * axes
    if math.prod(shape) != body:
        sides = " x ".join(map(str, shape))
        raise _wrong(path, f"its header promises {sides} bytes and {body:,} follow")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def find(folder: Path, part: str) -> tuple[Path, Path] | None:
    """The files of pictures and labels of the `train` or `t10k` part in a folder, or None."""
    found = [_named(folder, f"{part}-{name}") for name in (IMAGES, LABELS)]
    return (found[0], found[1]) if found[0] and found[1] else None


def _named(folder: Path, name: str) -> Path | None:
    for variant in (name, name.replace("-idx", ".idx")):
        for suffix in ("", ".gz"):
            if (folder / (variant + suffix)).is_file():
                return folder / (variant + suffix)
    return None


def _content(path: Path) -> bytes:
    with open_regular(path) as file:
        magic = file.read(2)
        file.seek(0)
        if magic != b"\x1f\x8b":
            return file.read(LONGEST)
        with gzip.open(file) as inside:
            return inside.read(LONGEST)


def _wrong(path: Path, what: str) -> SpecError:
    return SpecError(f"{printable(str(path))} is not an MNIST file: {what}", "use the file as its publisher has it.")
