"""Task `gate`: reject what scores too low, and put a plan of further tries into the run folder."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.engine.copy_jobs import copy_equal_jobs
from core.planning.plan_file import begin_night
from core.runs.session import session_of


@task(name="gate", cache_policy=NO_CACHE)
def gate(run: str) -> dict[str, Any]:
    """Judge what the run folder `run` has, once its shards are made. Returns the counts of PlanSummary, of a
    plan that is written only if there is work in it.
    """
    session = session_of(run)
    copy_equal_jobs(session.store, session.store.root.name)
    made = session.plan_again()
    summary = made.summary
    if summary.work:
        begin_night(session.store, made)
        session.pool.extend(summary.todo, summary.seconds)
        get_run_logger().info("%d pictures score too low and are tried again", summary.work)
    return asdict(summary)
