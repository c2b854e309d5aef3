"""The plan of a night: every job of the spec, what is done already, and the shards of what is to be made.

Making a plan only looks; core.night puts it into the run folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import pyarrow as pa

from core.cost import Cost, disk_bytes, load_cost
from core.digests import Measured
from core.inputs import Inputs, Tick
from core.jobs import Job, KeyMaker, OutputNames, fitted
from core.pairs import Pair, pair_up
from core.recipe import Recipe
from core.reuse import OF_ITS_PLACE, finished_jobs
from core.shards import Sharder
from core.spec import Spec
from core.weights import digest as weights_digest

_ARROW = {"str": pa.string(), "int": pa.int64(), "float": pa.float64()}
PLAN_SCHEMA = pa.schema(
    [(f.name, pa.binary() if f.name == "asset_file" else _ARROW[str(f.type)]) for f in fields(Job)]
    + [
        ("state", pa.string()),
        ("shard", pa.int32()),
        ("source_run", pa.string()),
        ("source", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
    ]
)
"""A job's fields, and what the plan decided of it. `state` is one of

- `todo`: to be made, in shard `shard`;
- `copy`: has the key of the job `source` of this plan, made once and copied;
- `adopt`: has the key of the done job `source` of the run `source_run`;
- `failed`: cannot be made, for `reason`;
- `kept`: its row of an earlier night stands, done or failed;
- `waiting`: left for another night.
"""

BATCH = 20_000


@dataclass
class PlanSummary:
    """What a plan holds; `seconds` and `bytes` are predictions for what is to be made."""

    total: int = 0
    todo: int = 0
    copy: int = 0
    adopt: int = 0
    failed: int = 0
    done: int = 0
    kept: int = 0
    waiting: int = 0
    shards: int = 0
    seconds: float = 0.0
    bytes: float = 0.0
    assets: int = 0
    styles: int = 0
    hidden: int = 0
    others: int = 0
    linked_folders: int = 0

    @property
    def work(self) -> int:
        """Jobs that tonight will make or take over."""
        return self.todo + self.copy + self.adopt


@dataclass
class Plan:
    """A night's plan: its jobs as an Arrow table with PLAN_SCHEMA, and the styles and recipes that they name."""

    jobs: pa.Table
    context: dict[str, Any]
    summary: PlanSummary
    style_problems: list[str] = field(default_factory=list)
    """A sentence for each style that cannot be used."""


def make_plan(spec: Spec, retry: bool = False, tick: Tick | None = None, cost: Cost | None = None) -> Plan:
    """Plan a night; nothing is written into the run folder. `retry` plans the failed jobs alone.

    Raises SpecError for a wrong spec, catalog or pairs file, an empty library, or missing weights.
    """
    spec.check()
    planner = _Planner(spec, retry, tick or (lambda *_: None), cost or load_cost(spec.device))
    jobs = planner.table()
    return Plan(jobs, planner.context(), planner.summary, planner.inputs.style_problems())


class _Planner:
    """Walks the pairs once; what several jobs share is worked out once."""

    def __init__(self, spec: Spec, retry: bool, tick: Tick, cost: Cost) -> None:
        self.spec, self.retry, self.tick, self.cost = spec, retry, tick, cost
        self.inputs = inputs = Inputs(spec, tick)
        self.summary = PlanSummary(
            assets=len(inputs.library.assets),
            styles=len(inputs.styles),
            hidden=inputs.library.hidden,
            others=inputs.library.others,
            linked_folders=inputs.library.linked_folders,
        )
        self.finished = finished_jobs(spec.out, spec.reuse)
        self._base = spec.base_recipe()
        self._recipes: dict[str, tuple[Recipe, str]] = {}
        self._keys: dict[tuple[int, str], KeyMaker] = {}
        self._first: dict[str, str] = {}
        self._names = OutputNames()
        self._sharder = Sharder(spec.shard_seconds)

    def table(self) -> pa.Table:
        """Every job of the spec, up to its limit."""
        batches: list[pa.RecordBatch] = []
        rows: list[dict[str, Any]] = []
        for row in self._rows():
            rows.append(row)
            if len(rows) == BATCH:
                batches.append(pa.RecordBatch.from_pylist(rows, schema=PLAN_SCHEMA))
                self.tick("plan jobs", self.summary.total, 0)
                rows = []
        batches.append(pa.RecordBatch.from_pylist(rows, schema=PLAN_SCHEMA))
        self.summary.shards = self._sharder.count
        return pa.Table.from_batches(batches, PLAN_SCHEMA)

    def context(self) -> dict[str, Any]:
        """What a worker needs to know besides its jobs, as plain JSON values."""
        return {
            "run": self.spec.out.name,
            "library": os.fspath(self.spec.library),
            "max_pixels": self.spec.max_pixels,
            "styles": {style.name: asdict(style) for style in self.inputs.style_files},
            "recipes": {digest: recipe.model_dump(mode="json") for recipe, digest in self._recipes.values()},
        }

    def _rows(self) -> Iterator[dict[str, Any]]:
        for pair in pair_up(self.spec.pairs, self.inputs.library.assets, self.inputs.styles, self.spec.seed):
            for variant in range(self.spec.variants):
                if self.spec.limit is not None and self.summary.total >= self.spec.limit:
                    return
                yield self._row(pair, variant)

    def _row(self, pair: Pair, variant: int) -> dict[str, Any]:
        inputs = self.inputs
        asset, found = inputs.library.assets[pair.asset], inputs.assets[pair.asset]
        style, (recipe, digest) = inputs.styles[pair.style], self._recipe(pair)
        seed = (self.spec.seed + variant) % 2**31
        keys = self._key_maker(pair.style, recipe, digest)
        key = keys.key(found.sha256, seed)
        size = fitted(found.width, found.height, recipe.size)
        seconds = self.cost.seconds(recipe, *size)
        row = {
            "output": self._names.name(style.name, asset.name, recipe.format, key, variant),
            "asset": asset.name,
            "asset_file": os.fsencode(asset.file),
            "asset_sha256": found.sha256,
            "style": style.name,
            "style_sha256": inputs.style_digests[pair.style],
            "recipe": digest,
            "preset": self.spec.preset,
            "seed": seed,
            "weights": keys.weights,
            "key": key,
            "seconds": seconds,
            "limit": self.spec.time_limit or max(120.0, 10 * seconds),
        }
        fault = found if found.reason else inputs.style_faults[pair.style]
        row.update(self._decision(row["output"], key, fault))
        self._count(row, disk_bytes(recipe, *size))
        return row

    def _recipe(self, pair: Pair) -> tuple[Recipe, str]:
        overrides = {**self.inputs.styles[pair.style].overrides(), **pair.overrides}
        wanted = repr(sorted(overrides.items()))
        if wanted not in self._recipes:
            recipe = self._base.changed(overrides)
            self._recipes[wanted] = (recipe, recipe.digest())
        return self._recipes[wanted]

    def _key_maker(self, style: int, recipe: Recipe, digest: str) -> KeyMaker:
        if (style, digest) not in self._keys:
            weights = weights_digest(recipe.weights, recipe.backbone)
            self._keys[style, digest] = KeyMaker(self.inputs.style_files[style].pairs, recipe, weights)
        return self._keys[style, digest]

    def _decision(self, output: str, key: str, fault: Measured | None) -> dict[str, Any]:
        """The state of one job, by what is wrong with its files and by what earlier nights made."""
        earlier = self.finished.rows.get(output)
        same = earlier is not None and earlier.key == key
        tried = earlier.tries() if earlier and same else 0
        if self.finished.is_made(output, key):
            return {"state": "kept", "status": "done", "attempt": tried}
        if fault is not None:
            return {"state": "failed", "reason": fault.reason, "message": fault.message, "attempt": 1}
        failed = earlier is not None and earlier.status == "failed"
        if self.retry and not failed:
            return {"state": "waiting", "attempt": tried}
        if earlier and same and failed and not self.retry and not earlier.worth_another_try():
            return {"state": "kept", "attempt": tried}
        return {**self._placed(output, key), "attempt": tried + 1}

    def _placed(self, output: str, key: str) -> dict[str, Any]:
        """Where a job's picture comes from: another job of equal key, or the worker."""
        taken = self.finished.source(key)
        if taken is not None:
            return {"state": "adopt", "source_run": taken[0], "source": taken[1]}
        earlier = self.finished.rows.get(output)
        if earlier and earlier.key == key and earlier.status == "failed" and earlier.reason in OF_ITS_PLACE:
            return {"state": "todo"}  # for itself: the next equal job is the first of the others
        first = self._first.setdefault(key, output)
        return {"state": "todo"} if first == output else {"state": "copy", "source": first}

    def _count(self, row: dict[str, Any], size: float) -> None:
        summary, state = self.summary, row["state"]
        summary.total += 1
        done = row.pop("status", None) == "done"
        setattr(summary, "done" if done else state, getattr(summary, "done" if done else state) + 1)
        if state == "todo":
            row["shard"] = self._sharder.place(row["seconds"])
            summary.seconds += row["seconds"]
        if state in ("todo", "copy", "adopt"):
            summary.bytes += size
