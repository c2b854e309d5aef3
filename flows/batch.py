"""Flow `batch`: a night's run, from a library and a catalog to a manifest and a gallery."""

from __future__ import annotations

import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.environment import prepare

_warning = prepare()
if _warning:
    warnings.warn(_warning, RuntimeWarning, stacklevel=2)

from prefect import flow, get_run_logger  # noqa: E402
from prefect.exceptions import TerminationSignal  # noqa: E402
from prefect.futures import as_completed  # noqa: E402
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner  # noqa: E402

from core.engine.duty import Duty, on_duty  # noqa: E402
from core.night import record_night  # noqa: E402
from core.spec import Spec  # noqa: E402
from flows.dashboard import Dashboard  # noqa: E402
from flows.own_server import end_with_this_process  # noqa: E402
from tasks.gallery import gallery  # noqa: E402
from tasks.merge import merge  # noqa: E402
from tasks.plan import plan  # noqa: E402
from tasks.stylize_shard import stylize_shard  # noqa: E402

SHARDS_AT_ONCE = 4
"""Shards that wait at the workers' doors, so that a worker never idles between two."""

CANCEL_GRACE = 15.0
"""Seconds that the job in hand has when the run is cancelled: Prefect kills the process after 30."""

_runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=SHARDS_AT_ONCE)


@flow(name="batch", task_runner=_runner)
def batch(spec: Spec, retry: bool = False) -> dict[str, Any]:
    """Make what a spec asks for and is not done yet; `retry` makes the failed jobs alone.

    Returns the night's record: counts, reasons, seconds, and the path of the gallery. Raises SpecError, RunBusy,
    StoreBroken, or NocturneError when nothing can be made.
    """
    end_with_this_process()
    spec = spec.rooted(Path.cwd())
    started = datetime.now(UTC)
    with on_duty(spec, retry) as duty:
        dashboard = Dashboard(duty.store.root.name)
        try:
            planned, shards = _make(duty, dashboard)
        except TerminationSignal:
            duty.crew.stop(CANCEL_GRACE)
            raise
        except KeyboardInterrupt:
            duty.crew.stop()
            raise
        duty.record = record = _finish(duty, planned, shards)
        record_night(duty.store, started, record)
        dashboard.end(record)
    return record


def _make(duty: Duty, dashboard: Dashboard) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    run = str(duty.store.root)
    planned = plan(run)
    if not planned["shards"]:
        return planned, []
    dashboard.begin()
    futures = stylize_shard.map(run, list(range(planned["shards"])))
    for _ in as_completed(futures):
        dashboard.advance(duty.crew.board.ended / max(1, planned["todo"]))
    return planned, [future.result() for future in futures]


def _finish(duty: Duty, planned: dict[str, Any], shards: list[dict[str, Any]]) -> dict[str, Any]:
    run = str(duty.store.root)
    duty.crew.board.stage = "merging"
    merged = merge(run)
    duty.crew.board.stage = "building the gallery"
    page = gallery(run)
    get_run_logger().info(
        "%d done, %d failed, %d pending; gallery: %s", merged["done"], merged["failed"], merged["pending"], page
    )
    return {
        "run": duty.store.root.name,
        "made": sum(shard["done"] for shard in shards),
        "taken_over": planned["copy"] + planned["adopt"],
        "left": sum(shard["left"] for shard in shards),
        "seconds": sum(shard["seconds"] for shard in shards),
        "planned": planned,
        "manifest": merged,
        "gallery": page,
        "stopped": duty.crew.stopping,
        "python": sys.version.split()[0],
    }
