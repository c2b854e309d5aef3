"""Finding pictures of a folder that are like one: its features and an index of them, kept in the user's cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.assist.search import DIMS, Index, index_from, index_of
from core.errors import NocturneError
from core.networks.features import NAME
from core.progress import ProgressCallback
from core.storage.store import Store
from core.survey.cached import cached_survey
from core.survey.features import FEATURES, LENGTH

INDEX = "index.safetensors"


@dataclass(frozen=True)
class Collection:
    """A folder's pictures: their index, and each one's SHA-256. `failed` of its pictures cannot be read."""

    folder: Path
    index: Index
    sha256: tuple[str, ...]
    failed: int

    @property
    def vectors(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Features of length 1, (n, 1280)."""
        return self.index.vectors.astype(np.float32)


def collection(folder: Path, tick: ProgressCallback = lambda *_: None) -> Collection:
    """The pictures of a folder, those looked at alone that were not before. Raises SpecError, RunBusy, NocturneError."""
    with cached_survey(folder, FEATURES, {"name": NAME}, tick) as survey:
        rows = survey.whole()
        seen = rows.filter(pc.equal(rows["status"], "done"))
        sha256 = tuple(seen["asset_sha256"].to_pylist())
        index = _kept(survey.store, seen, sha256)
    return Collection(folder, index, sha256, rows.num_rows - seen.num_rows)


def _kept(store: Store, seen: pa.Table, sha256: tuple[str, ...]) -> Index:
    """The index of these rows: the one that was kept, if it is of just these."""
    names = tuple(seen["asset"].to_pylist())
    digest = hashlib.sha256(repr((NAME, DIMS, names, sha256)).encode()).hexdigest()
    if store.exists(INDEX):
        try:
            index = index_from(store.read(INDEX))
            if index.digest == digest:
                return index
        except NocturneError:
            pass  # it is made again
    values = seen["features"].combine_chunks()
    flat = np.asarray(values.flatten().to_numpy(zero_copy_only=False), np.float32)
    index = index_of(names, flat.reshape(-1, LENGTH), digest)
    store.put(INDEX, index.to_bytes())
    return index
