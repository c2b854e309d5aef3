"""Small nights on a GPU: plan, worker processes, commits, manifest, as every run does, without Prefect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core.config.run_spec import RunSpec
from core.config.spec import Spec
from core.gan.jobs.sample_spec import SampleSpec
from core.manifest import manifest
from core.runs.finalise import finalise
from core.runs.session import RunSession
from core.runs.shard import make_shard
from core.storage.store import Store
from gpu_setup import STYLES, Setup, photographs
from gpu_subjects import checkpoint

Rows = Iterator[dict[str, Any]]

ASSETS = 48
SHARDS = 4
"""Shards that are made at once, as a flow does."""


def night(setup: Setup, preset: str, size: int, jobs: int) -> Rows:
    """Photographs, twice as large as they are painted, in the packaged styles."""
    assets = 3 if setup.quick else ASSETS
    library = photographs(setup.scratch / f"library-{size}", assets, 2 * size, 2 * size * 3 // 4)
    fields = {"steps": 2, "coarse_steps": 0} if setup.quick else {}
    values = {
        "library": str(library),
        "catalog": str(STYLES),
        "preset": preset,
        "limit": jobs,
        "variants": -(-jobs // (assets * len(list(STYLES.glob("*.jpg"))))),
        "recipe": {"size": size, **fields},
    }
    yield _made(Spec.from_values({**values, **_common(setup, preset)}, "the benchmark"))


def samples(setup: Setup, count: int) -> Rows:
    """Samples of an untrained network."""
    values = {"checkpoint": str(checkpoint(setup)), "count": count, **_common(setup, "samples")}
    yield _made(SampleSpec.from_values(values, "the benchmark"))


def _common(setup: Setup, name: str) -> dict[str, Any]:
    return {"out": str(setup.scratch / f"run-{name}"), "device": str(setup.device), "spare_disk": 0.0}


def _made(spec: RunSpec) -> dict[str, Any]:
    """Make a run's jobs, and say how many failed and how fast the others were made, from the first to the last."""
    session = RunSession(spec)
    session.begin()
    try:
        plan = session.begin_night()
        with ThreadPoolExecutor(SHARDS) as pool:
            list(pool.map(lambda shard: make_shard(spec.out, shard), range(plan.summary.shards)))
        finalise(session.store, spec)
        cpu = session.pool.progress.cpu
    finally:
        session.end()
    return {**_rate(spec.out), "cpu_s": {name: round(seconds, 1) for name, seconds in cpu.items()}}


def _rate(out: Path) -> dict[str, Any]:
    rows = manifest.read(Store(out), ["status", "message", "started", "finished", "engine"]).to_pylist()
    made = [row for row in rows if row["status"] == "done"]
    faults = Counter(row["message"] or row["status"] for row in rows if row["status"] != "done")
    found: dict[str, Any] = {"jobs": len(rows), "failed": len(rows) - len(made), "fine": bool(made) and not faults}
    if made:
        lasted = max(row["finished"] for row in made) - min(row["started"] for row in made)
        found |= {"pictures_s": len(made) / max(lasted.total_seconds(), 1e-3), "engine": made[0]["engine"]}
    if faults:
        found["first_fault"] = faults.most_common(1)[0][0]
    return found
