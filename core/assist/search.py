"""Nearest-neighbour search by cosine over features of pictures, which reads a fraction of them.

Each vector is also kept as its first DIMS coordinates along the collection's own main directions. By those all are
compared, and of the READ nearest so found the whole vectors decide. Of 100,000 mixtures of paintings' features not one of
the true ten nearest was missed so, nor with a tenth of READ (`benchmarks/similar.py` measures it).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from core.errors import NocturneError

DIMS = 256
"""Coordinates that are looked at first, of 1280."""
SAMPLED = 4096
"""Vectors, evenly spread, that the main directions are found from."""
READ = 1000
"""Vectors that are read whole, or twenty for each one wanted if those are more."""

Vectors = Float[NDArray[np.float32], "n d"]


class Neighbour(NamedTuple):
    """A picture, by its place in the collection, and the cosine of its features with those asked for, 0 to 1."""

    place: int
    likeness: float


@dataclass(frozen=True)
class Index:
    """A collection to search. `vectors` are of length 1, kept in half precision; of them everything else is derived.

    names: of the pictures. digest: says of which collection this is the index.
    """

    names: tuple[str, ...]
    digest: str
    vectors: NDArray[np.float16]
    basis: Float[NDArray[np.float32], "d k"]
    coarse: Float[NDArray[np.float32], "n k"]

    def search(self, features: NDArray[np.float32], count: int) -> list[Neighbour]:
        """The `count` nearest to features (d,), the nearest first; of equally near ones the earlier."""
        if not len(self.names) or count < 1:
            return []
        asked = _unit(features[None].astype(np.float32))[0]
        about = self.coarse @ (self.basis.T @ asked)
        places = _largest(about, max(READ, 20 * count))
        likeness = np.asarray(self.vectors[places].astype(np.float32) @ asked, np.float32)
        order = np.lexsort((places, -likeness))[:count]
        return [Neighbour(int(places[k]), float(np.clip(likeness[k], 0, 1))) for k in order]

    def to_bytes(self) -> bytes:
        """The index as a file."""
        arrays: dict[str, NDArray[Any]] = {
            "vectors": self.vectors,
            "basis": self.basis,
            "coarse": self.coarse,
        }
        return save(arrays, {"names": json.dumps(self.names), "digest": self.digest})


def build_index(names: tuple[str, ...], vectors: Vectors, digest: str = "") -> Index:
    """The index of a collection: features (n, d) of pictures with these names."""
    kept = _unit(vectors).astype(np.float16)
    unit = kept.astype(np.float32)
    some = unit[:: max(1, len(unit) // SAMPLED)].astype(np.float64)
    _, directions = np.linalg.eigh(some.T @ some)  # the largest come last
    basis = np.ascontiguousarray(directions[:, ::-1][:, :DIMS], np.float32)
    return Index(names, digest, kept, basis, unit @ basis)


def read_index(data: bytes) -> Index:
    """The index in a file's bytes. Raises NocturneError if it is none."""
    try:
        head = int.from_bytes(data[:8], "little")
        told = json.loads(data[8 : 8 + head])["__metadata__"]
        return Index(tuple(json.loads(told["names"])), told["digest"], **load(data))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise NocturneError(
            f"not an index of pictures ({type(error).__name__})", "delete it: it is made again."
        ) from error


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    if count >= len(values):
        return np.arange(len(values))
    return np.argpartition(-values, count)[:count]


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)
