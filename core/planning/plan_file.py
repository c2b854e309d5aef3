"""The plan file: write tonight's jobs and the first rows of the manifest, read shards and the context back."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.manifest import manifest
from core.manifest.schema import SCHEMA
from core.planning.jobs import FILE_FIELDS, JOB_FIELDS, Job
from core.planning.planner import BATCH, Plan
from core.storage.bounded_read import open_regular
from core.storage.run_paths import PLAN
from core.storage.store import Store, is_disk_fault, read_error


def begin_night(store: Store, plan: Plan) -> None:
    """Write the plan, and the manifest's row of every planned job as it stands before any work.

    Call it under the run's lock.
    """
    context = {**plan.context.plain(), "summary": asdict(plan.summary)}
    noted = plan.jobs.replace_schema_metadata({"context": json.dumps(context)})
    sink = io.BytesIO()
    pq.write_table(noted, sink, compression="zstd", row_group_size=BATCH)
    store.put(PLAN, sink.getvalue())
    manifest.begin(store, _first_rows(store, plan.jobs), plan.hides)


def read_shard(store: Store, shard: int) -> list[Job]:
    """The jobs of one shard, in plan order."""
    return _jobs(store, ("shard", "=", shard))


def read_planned(store: Store) -> Iterator[Job]:
    """Every job of the plan, whatever became of it, in plan order."""
    with pq.ParquetFile(store.path(PLAN), pre_buffer=False) as file:
        for batch in file.iter_batches(columns=list(JOB_FIELDS)):
            for row in batch.to_pylist():
                yield _job({name: value for name, value in row.items() if value is not None})


def read_context(store: Store) -> dict[str, Any]:
    """The context of the plan in the run folder as plain values, for its kind's RunContext; with the plan's summary.

    Raises OSError, ValueError, KeyError, RecursionError or NocturneError for a file that is no plan, StoreBroken, which is a
    NocturneError, for one that the disk does not give.
    """
    path = store.contained_path(PLAN)
    try:
        with open_regular(path) as file:
            metadata = pq.read_schema(file).metadata or {}
    except OSError as error:
        if is_disk_fault(error):
            raise read_error(error, path) from error
        raise
    return json.loads(metadata[b"context"])  # type: ignore[no-any-return]


def read_copies(store: Store) -> list[dict[str, Any]]:
    """The plan's rows whose picture is taken from an equal job, of this run or of another."""
    rows = pq.read_table(store.path(PLAN), pre_buffer=False, filters=[("state", "in", ["copy", "adopt"])])
    return rows.to_pylist()  # type: ignore[no-any-return]


def _jobs(store: Store, wanted: tuple[str, str, Any]) -> list[Job]:
    rows = pq.read_table(store.path(PLAN), pre_buffer=False, filters=[wanted], columns=list(JOB_FIELDS)).to_pylist()
    return [_job({name: value for name, value in row.items() if value is not None}) for row in rows]


def _job(row: dict[str, Any]) -> Job:
    return Job(**{**row, **{name: os.fsdecode(row[name]) for name in FILE_FIELDS if name in row}})


def _first_rows(store: Store, jobs: pa.Table) -> pa.Table:
    kept = jobs.filter(pc.equal(jobs["state"], "kept"))
    old = manifest.read(store)
    standing = old.filter(pc.is_in(old["output"], kept["output"]))
    fresh = jobs.filter(pc.not_equal(jobs["state"], "kept"))
    return pa.concat_tables([_fresh_rows(fresh, store.root.name), standing])


def _fresh_rows(jobs: pa.Table, run: str) -> pa.Table:
    """Manifest rows of jobs that are pending, or failed before they began."""
    count = jobs.num_rows
    failed = pc.equal(jobs["state"], "failed")
    now = datetime.now(UTC)
    known = {
        "run": pa.repeat(run, count),
        "status": pc.if_else(failed, "failed", "pending"),
        "finished": pc.if_else(failed, pa.scalar(now, SCHEMA.field("finished").type), None),
        **{name: jobs[name] for name in jobs.column_names if name not in ("seconds",)},
    }
    for name in ("asset", "asset_sha256", "style", "style_sha256", "checkpoint", "preset", "retry_of"):
        known[name] = pc.if_else(pc.equal(jobs[name], ""), None, jobs[name])
    arrays = [
        pc.cast(known[field.name], field.type) if field.name in known else pa.nulls(count, field.type)
        for field in SCHEMA
    ]
    return pa.table(arrays, schema=SCHEMA)
