"""Flow `batch`: a night's run, from a library and a catalog to a manifest and a gallery."""

from __future__ import annotations

import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from flows.environment import prepare

_warning = prepare()
if _warning:
    warnings.warn(_warning, RuntimeWarning, stacklevel=2)

from prefect import flow, get_run_logger  # noqa: E402
from prefect.artifacts import (  # noqa: E402
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import TerminationSignal  # noqa: E402
from prefect.futures import as_completed  # noqa: E402
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner  # noqa: E402

from core.engine.duty import Duty, on_duty  # noqa: E402
from core.night import record_night  # noqa: E402
from core.report.summary import duration  # noqa: E402
from core.spec import Spec  # noqa: E402
from tasks.gallery import gallery  # noqa: E402
from tasks.merge import merge  # noqa: E402
from tasks.plan import plan  # noqa: E402
from tasks.stylize_shard import stylize_shard  # noqa: E402

ARTIFACT_ROWS = 200
"""Rows of the table in the dashboard, which draws every one of them at once."""

SHARDS_AT_ONCE = 4
"""Shards that wait at the workers' doors, so that a worker never idles between two."""


_runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=SHARDS_AT_ONCE)


@flow(name="batch", task_runner=_runner)
def batch(spec: Spec, retry: bool = False) -> dict[str, Any]:
    """Make what a spec asks for and is not done yet; `retry` makes the failed jobs alone.

    Returns the night's record: counts, reasons, seconds, and the path of the gallery. Raises SpecError, RunBusy, or
    NocturneError when nothing can be made.
    """
    spec = spec.rooted(Path.cwd())
    started = datetime.now(UTC)
    with on_duty(spec, retry) as duty:
        try:
            planned, shards = _make(duty)
        except (TerminationSignal, KeyboardInterrupt):
            duty.crew.stop()
            raise
        record = _finish(duty, planned, shards)
        record_night(duty.store, started, record)
    return record


def _make(duty: Duty) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    run = str(duty.store.root)
    planned = plan(run)
    if not planned["shards"]:
        return planned, []
    description = f"Run {duty.store.root.name}: jobs ended"
    progress = cast(UUID, create_progress_artifact(0.0, key="progress", description=description))
    futures = stylize_shard.map(run, list(range(planned["shards"])))
    for _ in as_completed(futures):
        update_progress_artifact(progress, 100.0 * duty.crew.board.ended / max(1, planned["todo"]))
    return planned, [future.result() for future in futures]


def _finish(duty: Duty, planned: dict[str, Any], shards: list[dict[str, Any]]) -> dict[str, Any]:
    run = str(duty.store.root)
    duty.crew.board.stage = "merging"
    merged = merge(run)
    duty.crew.board.stage = "building the gallery"
    page = gallery(run)
    record = {
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
    _tell_dashboard(record)
    return record


def _tell_dashboard(record: dict[str, Any]) -> None:
    merged = record["manifest"]
    get_run_logger().info(
        "%d made, %d failed, %d pending; gallery: %s",
        record["made"],
        merged["failed"],
        merged["pending"],
        record["gallery"],
    )
    table = [
        {
            "style": style,
            "done": tally["done"],
            "failed": tally["failed"],
            "pending": tally["pending"],
            "median score": None if tally["median_score"] is None else round(tally["median_score"], 3),
            "time": duration(tally["seconds"]),
        }
        for style, tally in list(merged["styles"].items())[:ARTIFACT_ROWS]
    ]
    create_table_artifact(table, key="styles", description=f"Run {record['run']}: outputs by style")
    create_markdown_artifact(_page_text(record), key="gallery", description=f"Run {record['run']}: where to look")


def _page_text(record: dict[str, Any]) -> str:
    merged = record["manifest"]
    reasons = "".join(f"\n- {reason}: {count}" for reason, count in merged["reasons"].items())
    return (
        f"# {record['run']}\n\n{merged['done']} done, {merged['failed']} failed, {merged['pending']} pending.{reasons}\n\n"
        f"Gallery: `{record['gallery']}`\n"
    )
