"""Curation of a sampling run: the best samples stay, the others are marked as rejected, each with its reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch

from core.errors import NocturneError
from core.gan.checkpoints.checkpoint import read_info
from core.gan.data import dataset
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.metrics.curation import Curated, Realism, curate
from core.gan.metrics.features import EfficientNetFeatures, efficientnet_side, resized
from core.gan.metrics.memorisation_check import NearCopy, Originals
from core.gan.metrics.pairwise_distances import Features
from core.images import image
from core.images.pixel_types import RgbPictures
from core.manifest import manifest
from core.manifest.rejection import KeepDecision, apply_decisions
from core.networks import device as devices
from core.storage.run_paths import PLAN, picture_paths
from core.storage.store import Store

CURATION = "curation.json"
"""Digest and counts of the last curation, in the run folder: the same inputs are not curated again."""

ALGORITHM = 1
"""Rises when the same pictures are judged otherwise."""

AT_ONCE = 256
"""Samples in memory as pixels."""


@dataclass(frozen=True)
class CurationResult:
    """Counts of kept and rejected samples; `judged` is False if some seeds are not drawn yet."""

    judged: bool
    kept: int = 0
    near_duplicates: int = 0
    low_scores: int = 0


@dataclass(frozen=True, eq=False)
class CopyComparison:
    """Each sample of a run and the training picture that it is most like."""

    rows: Sequence[dict[str, Any]]
    """The samples' rows in the manifest, before they were judged."""
    copies: Sequence[NearCopy]
    training: RgbPictures
    """(n, size, size, 3)."""
    names: Sequence[str]
    usual_bits: float
    """Bits of the fingerprint that usually differ between a training picture and the nearest other."""
    network: str


ShowComparison = Callable[[CopyComparison], None]


def select_samples(store: Store, spec: SampleSpec, show: ShowComparison | None = None) -> CurationResult:
    """Accept or reject the samples of the run's plan, in rows and files. Call it under the run's lock.

    Nothing is judged before every seed was drawn or failed. Judging is repeatable: it depends on pictures, training
    pictures and `keep` alone. `show` is given what was compared, if anything was. Raises SpecError for a folder without
    training pictures.
    """
    assert spec.keep is not None
    assert spec.data is not None
    rows = _planned(store)
    if any(row["status"] == "pending" for row in rows):
        return CurationResult(judged=False)
    made = [row for row in rows if row["status"] in ("done", "rejected")]
    recipe = read_info(spec.checkpoint).recipe.changed({"conditional": False})
    training = dataset.load(spec.data, recipe, system_folders=spec.system_folders)
    mark = _mark(made, spec.keep, training)
    if made and _last(store).get("mark") != mark:
        curated, comparison = _curated(store, spec, made, training)
        if show is not None:
            show(comparison)
        apply_decisions(store, _judgements(curated, made))
    else:
        apply_decisions(store, {})  # what a kill left where it was is moved
    selection = _counted(_planned(store))
    store.put(CURATION, json.dumps({"mark": mark, **asdict(selection)}, indent=2).encode())
    return selection


def _curated(
    store: Store, spec: SampleSpec, made: Sequence[dict[str, Any]], training: dataset.Dataset
) -> tuple[Curated, CopyComparison]:
    size = int(made[0]["width"])
    device = devices.choose(spec.device.split(",")[0])
    network = EfficientNetFeatures(device, efficientnet_side(size))
    rgb = _rgb(training, size)
    originals = Originals(rgb, network)
    features: list[Features] = []
    copies: list[NearCopy] = []
    for first in range(0, len(made), AT_ONCE):
        pictures = np.stack([_picture(store, row) for row in made[first : first + AT_ONCE]])
        features.append(network.features(pictures))
        copies += originals.compare(pictures, features[-1])
    seeds = [row["seed"] for row in made]
    realism = Realism(originals.features)
    curated = curate(seeds, np.concatenate(features), copies, realism, spec.keep or 0, names=training.names)
    return curated, CopyComparison(made, copies, rgb, training.names, originals.bits, network.name)


def _judgements(curated: Curated, made: Iterable[dict[str, Any]]) -> dict[str, KeepDecision]:
    kept = {one.seed: KeepDecision(score(one.realism)) for one in curated.kept}
    left = {one.seed: KeepDecision(score(one.realism), one.reason, one.message) for one in curated.rejected}
    by_seed = {**left, **kept}
    return {row["output"]: by_seed[row["seed"]] for row in made}


def score(realism: float) -> float:
    """A sample's score, 0 to 1: 0.5 lies as near to training pictures as those to one another, higher is nearer."""
    return 1 / (1 + realism)


def _planned(store: Store) -> list[dict[str, Any]]:
    """The manifest's rows of the plan's jobs."""
    plan = pq.read_table(store.path(PLAN), pre_buffer=False, columns=["output"])
    wanted = set(plan["output"].to_pylist())
    return [row for row in manifest.read(store).to_pylist() if row["output"] in wanted]


def picture_name(store: Store, row: dict[str, Any]) -> str:
    """Where the picture of a row lies in the run folder. Raises NocturneError if it is gone."""
    path = next((name for name in picture_paths(row["output"], row["status"]) if store.exists(name)), None)
    if path is None:
        raise NocturneError(
            f"{row['output']} is gone, so the run cannot be curated", "the same command draws it again."
        )
    return path


def _picture(store: Store, row: dict[str, Any]) -> RgbPictures:
    return image.read(store.contained_path(picture_name(store, row))).rgb


def _rgb(training: dataset.Dataset, size: int) -> RgbPictures:
    """The training pictures (n, size, size, 3) as samples look."""
    channels = np.broadcast_to(training.pictures, (len(training), 3, *training.pictures.shape[2:]))
    return resized(np.ascontiguousarray(channels.transpose(0, 2, 3, 1)), size)


def _mark(made: Iterable[dict[str, Any]], keep: int, training: dataset.Dataset) -> str:
    known = [sorted((row["output"], row["pixels_sha256"]) for row in made), keep, training.digest, ALGORITHM]
    return hashlib.sha256(json.dumps([*known, torch.__version__]).encode()).hexdigest()[:16]


def _last(store: Store) -> dict[str, Any]:
    try:
        found = json.loads(store.read(CURATION))
    except (OSError, ValueError, NocturneError):
        return {}
    return found if isinstance(found, dict) else {}


def _counted(rows: Sequence[dict[str, Any]]) -> CurationResult:
    reasons = [row["reason"] for row in rows if row["status"] == "rejected"]
    kept = sum(row["status"] == "done" for row in rows)
    return CurationResult(True, kept, reasons.count("near_duplicate"), reasons.count("low_score"))
