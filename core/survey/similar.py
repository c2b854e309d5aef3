"""Search index of a folder's pictures by their features, kept in the user's cache: finds pictures that are like one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.assist.search import DIMS, Index, build_index, read_index
from core.errors import NocturneError
from core.networks.features import NAME
from core.progress import ProgressCallback
from core.storage.store import Store
from core.survey.survey_cache import cached_survey
from core.survey.survey_kinds import FEATURE_LENGTH, FEATURES

INDEX = "index.safetensors"


@dataclass(frozen=True)
class IndexedFolder:
    """A folder's pictures: their index, and each one's SHA-256. `failed` of its pictures cannot be read; `problems` are
    sentences on folders in it that were not entered.
    """

    folder: Path
    index: Index
    sha256: tuple[str, ...]
    failed: int
    problems: tuple[str, ...] = ()

    @property
    def vectors(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Features of length 1, (n, 1280)."""
        return self.index.vectors.astype(np.float32)


def index_folder(folder: Path, tick: ProgressCallback = lambda *_: None) -> IndexedFolder:
    """The pictures of a folder, annotating those alone that have no row yet. Raises SpecError, RunBusy, NocturneError."""
    with cached_survey(folder, FEATURES, {"name": NAME}, tick) as survey:
        rows = survey.complete()
        done = rows.filter(pc.equal(rows["status"], "done"))
        sha256 = tuple(done["asset_sha256"].to_pylist())
        index = _kept_index(survey.store, done, sha256)
        problems = tuple(survey.problems)
    return IndexedFolder(folder, index, sha256, rows.num_rows - done.num_rows, problems)


def _kept_index(store: Store, done: pa.Table, sha256: tuple[str, ...]) -> Index:
    """The index of these rows: the one that was kept, if it is of just these."""
    names = tuple(done["asset"].to_pylist())
    looks = tuple(done["look"].to_pylist())
    digest = hashlib.sha256(repr((NAME, DIMS, names, sha256, looks)).encode()).hexdigest()
    if store.exists(INDEX):
        try:
            index = read_index(store.read(INDEX))
            if index.digest == digest:
                return index
        except NocturneError:
            pass  # it is made again
    values = done["features"].combine_chunks()
    flat = np.asarray(values.flatten().to_numpy(zero_copy_only=False), np.float32)
    index = build_index(names, flat.reshape(-1, FEATURE_LENGTH), digest)
    store.put(INDEX, index.to_bytes())
    return index
