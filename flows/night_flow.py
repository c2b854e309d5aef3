"""A night as a flow, whatever is made: plan, shards, merge, gallery. Import it after `flows.bootstrap`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from prefect import get_run_logger
from prefect.exceptions import TerminationSignal
from prefect.futures import as_completed

from core.config.run_spec import RunSpec
from core.planning.night_records import record_night
from core.runs.session import RunSession, open_session
from flows.dashboard import Dashboard
from flows.prefect_server.lifetime import end_with_this_process
from tasks.gallery import gallery
from tasks.gate import gate
from tasks.merge import merge
from tasks.plan import plan
from tasks.shard import shard_task

SHARDS_AT_ONCE = 4
"""Shards that wait at the workers' doors, so that a worker never idles between two."""

CANCEL_GRACE = 15.0
"""Seconds that the job in hand has when the run is cancelled: Prefect kills the process after 30."""


def make_night(spec: RunSpec, retry: bool, replan: bool = False) -> dict[str, Any]:
    """Make what a rooted spec asks for and is not done yet; `replan` chooses anew what the spec leaves to be chosen.

    Returns the night's record: counts, reasons, seconds, and the path of the gallery. Raises SpecError, RunBusy,
    StoreBroken, or NocturneError when nothing can be made.
    """
    end_with_this_process()
    started = datetime.now(UTC)
    with open_session(spec, retry, replan) as session:
        dashboard = Dashboard(session.store.root.name)
        try:
            planned, shards = _make(session, dashboard)
        except TerminationSignal:
            session.pool.stop(CANCEL_GRACE)
            raise
        except KeyboardInterrupt:
            session.pool.stop()
            raise
        session.record = record = _finish(session, planned, shards)
        record_night(session.store, started, record)
        dashboard.end(record)
    return record


def _make(session: RunSession, dashboard: Dashboard) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    run = str(session.store.root)
    planned, make_shard = plan(run), shard_task(session.kind.name)
    shards: list[dict[str, Any]] = []
    if planned["shards"]:
        dashboard.begin()
    more = planned
    while True:
        futures = make_shard.map(run, list(range(more["shards"]))) if more["shards"] else []
        for _ in as_completed(futures):
            dashboard.advance(session.pool.progress.ended / max(1, session.pool.progress.total))
        shards += [future.result() for future in futures]
        if not session.retries or session.pool.stopping or not more["todo"] + more["copy"] + more["adopt"]:
            return planned, shards
        more = gate(run)
        for count in ("todo", "copy", "adopt", "shards"):
            planned[count] += more[count]


def _finish(session: RunSession, planned: dict[str, Any], shards: list[dict[str, Any]]) -> dict[str, Any]:
    run = str(session.store.root)
    session.pool.progress.stage = "merging"
    merged = merge(run)
    if session.spec.curates:
        from tasks.curate import curate  # torch is loaded only where it is needed

        session.pool.progress.stage = "curating"
        merged = curate(run)
    session.pool.progress.stage = "building the gallery"
    page = gallery(run, planned["problems"])
    get_run_logger().info(
        "%d done, %d failed, %d pending; gallery: %s", merged["done"], merged["failed"], merged["pending"], page
    )
    return {
        "run": session.store.root.name,
        "made": sum(shard["done"] for shard in shards),
        "taken_over": planned["copy"] + planned["adopt"],
        "left": sum(shard["left"] for shard in shards),
        "seconds": sum(shard["seconds"] for shard in shards),
        "planned": planned,
        "manifest": merged,
        "gallery": page,
        "stopped": session.pool.stopping,
        "python": sys.version.split()[0],
    }
