"""Small checkpoints with their first weights, and nights that draw from them without Prefect."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from core.engine.copy_jobs import copy_equal_jobs
from core.gan.checkpoints.checkpoint import checkpoint_bytes
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.networks.networks import build_generator
from core.gan.networks.recipe import GanRecipe
from core.manifest import manifest
from core.runs.session import RunSession
from core.runs.shard import make_shard
from core.storage.store import Store

TINY = GanRecipe(architecture="dcgan", size=16, width=4, latent=8)


def checkpoint(path: Path, recipe: GanRecipe = TINY, classes: Sequence[str] = (), scale: float = 3.0) -> Path:
    """Write an untrained network; `scale` multiplies its weights, so that its pictures are not all grey."""
    network = build_generator(recipe, len(classes))
    tensors = {f"average.{name}": _scaled(value, scale) for name, value in network.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(checkpoint_bytes(tensors, recipe, 0, classes, {}))
    return path


def spec_of(file: Path, out: Path, seeds: str, **more: Any) -> SampleSpec:
    """A spec that draws on the CPU."""
    values = {"checkpoint": str(file), "out": str(out), "seeds": seeds, "device": "cpu", **more}
    return SampleSpec.from_values(values, "test")


def night(spec: SampleSpec, retry: bool = False, shards: int | None = None) -> list[dict[str, Any]]:
    """What the flow does, without Prefect; `shards` ends it after so many. Returns the manifest's rows."""
    session = RunSession(spec, retry)
    session.begin()
    try:
        plan = session.begin_night()
        for shard in range(plan.summary.shards)[:shards]:
            make_shard(session.store.root, shard)
        copy_equal_jobs(session.store, session.store.root.name)
        manifest.merge(session.store)
    finally:
        session.end()
    return rows_of(spec.out)


def rows_of(run: Path) -> list[dict[str, Any]]:
    """The manifest of a run."""
    rows: list[dict[str, Any]] = manifest.read(Store(run)).to_pylist()
    return rows


def pixels(rows: Sequence[dict[str, Any]]) -> dict[int, str]:
    """The hash of each seed's picture."""
    return {row["seed"]: row["pixels_sha256"] for row in rows}


def _scaled(value: torch.Tensor, scale: float) -> torch.Tensor:
    return value * scale if value.is_floating_point() and value.ndim > 1 else value
