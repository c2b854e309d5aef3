"""Plan of a night of sampling: every checkpoint x seed x recipe that a spec asks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import SpecError
from core.gan.checkpoints.checkpoint import CheckpointInfo, read_info
from core.gan.checkpoints.classes import check_label
from core.gan.data import idx
from core.gan.data.dataset import LEAST
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.networks.recipe import SAMPLE_ALGORITHM, GanRecipe, SampleRecipe
from core.gan.sampling.sample_context import SampleContext
from core.gan.sampling.seeds import each_seed, parse_seeds
from core.images.formats import WRITABLE
from core.planning.cost_model import CostModel, load_cost
from core.planning.library import scan
from core.planning.planner import Plan, Planner
from core.progress import StageCallback

STAMP_BYTES = 1_200
"""Bytes of a sample's record and colour profile."""

MOST_IN_SHARD = 20_000
"""Samples are quick: a shard of as few jobs as others have would be over in a second."""

GUESS = {"mlp": 0.5e-3, "dcgan": 1e-3, "few_shot": 5e-3}
"""Seconds a picture of 28 px (few_shot: of 64 px) on two ordinary CPU cores, before anything was measured."""


def make_plan(
    spec: SampleSpec, retry: bool = False, tick: StageCallback | None = None, cost: CostModel | None = None
) -> Plan:
    """Plan a night; nothing is written into the run folder. `retry` plans the failed jobs alone.

    Raises SpecError for a wrong spec, a checkpoint that cannot be used, or a class that it does not have.
    """
    spec.check()
    planner = _Planner(spec, retry, tick or (lambda *_: None), cost or load_cost(spec.device))
    return Plan(planner.table(), planner.context(), planner.summary)


class SampleKeyMaker:
    """Keys of many seeds: of the generator's digest, the recipe's digest, the seed, and `SAMPLE_ALGORITHM`."""

    def __init__(self, checkpoint: str, recipe: SampleRecipe) -> None:
        shared = {
            "kind": "sample",
            "checkpoint": checkpoint,
            "recipe": recipe.digest(),
            "algorithm": SAMPLE_ALGORITHM,
        }
        self._shared = hashlib.sha256(json.dumps(shared, sort_keys=True).encode())

    def key(self, seed: int) -> str:
        """The key of the job with this seed: 64 hex digits."""
        sha = self._shared.copy()
        sha.update(f"\n{seed}".encode())
        return sha.hexdigest()


class _Planner(Planner):
    def __init__(self, spec: SampleSpec, retry: bool, tick: StageCallback, cost: CostModel) -> None:
        self.spec = spec
        self.info = read_info(spec.checkpoint)
        check_label(self.info, spec.recipe.label)
        if spec.data is not None:
            _check_training_pictures(spec.data, spec.system_folders)
        super().__init__(spec.out, spec.reuse, spec.shard_seconds, retry, tick, MOST_IN_SHARD)
        self._seconds = cost.sample_seconds(network_of(self.info.recipe), guessed(self.info.recipe))

    def context(self) -> SampleContext:
        """What a worker needs to know besides its jobs."""
        return SampleContext(
            run=self.spec.out.name,
            checkpoint=self.spec.checkpoint,
            digest=self.info.digest,
            network=network_of(self.info.recipe),
            size=self.info.recipe.size,
            unit=self.spec.recipe.lanes,
            scorer=self.spec.scorer,
            recipe=self.spec.recipe,
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each seed."""
        recipe, info = self.spec.recipe, self.info
        keys = SampleKeyMaker(info.digest, recipe)
        folder, size = f"samples/{_folder(info)}", _bytes(recipe, info)
        shared = {
            **dict.fromkeys(("asset", "asset_sha256", "style", "style_sha256", "preset"), ""),
            "asset_file": b"",
            "kind": "sample",
            "checkpoint": info.name,
            "recipe": recipe.digest(),
            "weights": info.digest,
            "seconds": self._seconds,
            "limit": self.spec.time_limit or max(120.0, 10 * self._seconds),
        }
        for seed in each_seed(parse_seeds(self.spec.seeds)):
            if self.spec.limit is not None and self.summary.total >= self.spec.limit:
                return
            key = keys.key(seed)
            output = self.names.name(folder, str(seed), recipe.format, key, 0)
            self.summary.seeds += 1
            yield self.place({**shared, "seed": seed, "key": key, "output": output}, None, size)


def _check_training_pictures(folder: Path, system_folders: bool) -> None:
    """Raises SpecError if `folder` has too few pictures to compare samples with: better now than when all are drawn."""
    library = scan(folder, system_folders=system_folders)
    pictures = len(library.assets)
    if pictures < LEAST and idx.find(folder, "train") is None:
        raise SpecError(
            f"data {folder} has {pictures} pictures to compare with, and {LEAST} are needed{library.why_empty()}",
            "correct the path.",
        )


def network_of(recipe: GanRecipe) -> str:
    """What the speed of sampling is remembered by."""
    return f"{recipe.architecture}-{recipe.size}-{recipe.width}"


def guessed(recipe: GanRecipe) -> float:
    """Seconds a picture, before anything was measured."""
    base = 64 if recipe.architecture == "few_shot" else 28
    return GUESS[recipe.architecture] * (recipe.size / base) ** 2


def _folder(info: CheckpointInfo) -> str:
    """The checkpoint's name as one folder's name."""
    return info.digest if info.name.strip(".") == "" else info.name


def _bytes(recipe: SampleRecipe, info: CheckpointInfo) -> float:
    return WRITABLE[recipe.format].bytes_per_pixel * info.recipe.size**2 + STAMP_BYTES
