"""Finding pictures of a folder that are like one: its features and an index of them, kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.assist.search import Index, index_from, index_of
from core.cache import cache_folder
from core.errors import NocturneError
from core.features import NAME
from core.spec_fields import check_folder
from core.store import Store
from core.survey.features import FEATURES, LENGTH
from core.survey.spec import SurveySpec
from core.survey.survey import Survey

INDEX = "index.safetensors"

Tick = Callable[[int, int], None]


class FeaturesSpec(SurveySpec):
    """The features of a folder's pictures."""

    kind: ClassVar[str] = "features"

    @property
    def options(self) -> dict[str, Any]:
        """What the looker is made from."""
        return {"name": NAME}

    def check(self) -> None:
        """The table lies in the user's cache, wherever specs may lead. Raises SpecError."""
        check_folder("folder", self.pictures)


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


def collection(folder: Path, tick: Tick = lambda *_: None) -> Collection:
    """The pictures of a folder, those looked at alone that were not before. Raises SpecError, RunBusy, NocturneError."""
    place = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:20]
    out = (cache_folder() / "similar" / place).absolute()
    spec = FeaturesSpec.model_validate({"pictures": folder.absolute(), "out": out})
    with Survey(spec, FEATURES, lambda what, done, total: tick(done, total) if what == "pictures" else None) as survey:
        rows = survey.whole()
        seen = rows.filter(pc.equal(rows["status"], "done"))
        sha256 = tuple(seen["asset_sha256"].to_pylist())
        index = _kept(survey.store, seen, sha256)
    return Collection(folder, index, sha256, rows.num_rows - seen.num_rows)


def _kept(store: Store, seen: pa.Table, sha256: tuple[str, ...]) -> Index:
    """The index of these rows: the one that was kept, if it is of just these."""
    names = tuple(seen["asset"].to_pylist())
    digest = hashlib.sha256(repr((NAME, names, sha256)).encode()).hexdigest()
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
