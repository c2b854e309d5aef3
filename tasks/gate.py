"""Task `gate`: reject what scores too low, and put a plan of further tries into the run folder."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.engine.copy_jobs import copy_equal_jobs
from core.runs.session import open_sessions


@task(name="gate", cache_policy=NO_CACHE)
def gate(run: str) -> dict[str, Any]:
    """Judge what the run folder `run` has, once its shards are made, and plan further tries. Returns the counts of
    core.planning.planner.PlanSummary.
    """
    session = open_sessions[run]
    copy_equal_jobs(session.store, session.store.root.name)
    summary = session.plan_retries().summary
    if summary.work:
        get_run_logger().info("%d pictures score too low and are tried again", summary.work)
    return asdict(summary)
