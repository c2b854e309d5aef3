"""Copies of equal jobs: rows and pictures taken from this run or another one, without computing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow.compute as pc

from core.errors import Changed, JobError, StorageFailed
from core.images import image
from core.manifest import manifest
from core.planning.plan_file import read_copies
from core.planning.reuse import PLACE_REASONS
from core.progress import ProgressCallback
from core.storage.run_paths import output_path, output_thumb
from core.storage.store import Store

BATCH = 500
"""Rows in one part: what a kill makes do again is a matter of copying."""


def copy_equal_jobs(store: Store, run: str, tick: ProgressCallback | None = None) -> int:
    """Copy the picture and the row of every job of the plan that has an equal one. Returns how many ended done.

    Call it after the shards: a copy of a job that failed fails for the same reason, one that was left stays pending.
    """
    wanted = read_copies(store)
    sources = _sources(store, wanted)
    rows: list[dict[str, Any]] = []
    done = 0
    for count, plan in enumerate(wanted, start=1):
        row = _copied(store, run, plan, sources.get((plan["source_run"] or str(store.root), plan["source"])))
        if row is not None:
            rows.append(row)
            done += row["status"] == "done"
        if rows and (len(rows) == BATCH or count == len(wanted)):
            manifest.write_part(store, rows)
            rows = []
        if tick is not None:
            tick(count, len(wanted))
    if rows:
        manifest.write_part(store, rows)
    return done


def _sources(store: Store, wanted: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The manifest rows to copy, by run folder and output."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for run in {plan["source_run"] or str(store.root) for plan in wanted}:
        names = [plan["source"] for plan in wanted if (plan["source_run"] or str(store.root)) == run]
        rows = manifest.read(Store(run))
        for row in rows.filter(pc.is_in(rows["output"], manifest.text_array(names))).to_pylist():
            found[run, row["output"]] = row
    return found


def _copied(store: Store, run: str, plan: dict[str, Any], row: dict[str, Any] | None) -> dict[str, Any] | None:
    """The new row of one copy, or None while its source is pending, or failed where this one may not."""
    if row is None or row["status"] == "pending" or row["reason"] in PLACE_REASONS:
        return None
    own = {name: plan[name] for name in ("output", "asset", "style", "preset", "attempt")}
    own["retry_of"] = plan["retry_of"] or None
    if row["status"] == "done":
        try:
            _copy_files(store, Store(plan["source_run"] or store.root), row, plan["output"])
        except JobError as error:
            own |= {"status": "failed", "reason": error.reason, "message": str(error)}
    elif row["asset"] != plan["asset"]:
        own["message"] = f"{plan['asset']} has the same content as {row['asset']}: {row['message']}"
    if plan["source_run"] is None:
        own |= {"run": run}
    return {**row, **own, "seconds": 0.0, "finished": datetime.now(UTC)}


def _copy_files(store: Store, source: Store, row: dict[str, Any], new: str) -> None:
    old: str = row["output"]
    try:
        picture = source.read(output_path(old))
        thumb = source.read(output_thumb(old)) if source.exists(output_thumb(old)) else None
    except OSError as error:
        raise StorageFailed(
            f"{source.path(output_path(old))} cannot be copied ({error.strerror})", "run again."
        ) from error
    if store.root == source.root and old == new:
        return
    if image.pixels_sha256(picture) != row["pixels_sha256"]:
        raise Changed(
            f"{source.path(output_path(old))} is not the picture that its manifest names, so it was not copied",
            f"run `nocturne verify --set-aside` on {source.root}, then this again.",
        )
    store.put(output_path(new), picture)
    if thumb is not None:
        store.put(output_thumb(new), thumb)
