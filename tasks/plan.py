"""Task `plan`: work out tonight's jobs and put the plan into the run folder."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.planning.plan_file import begin_night
from core.runs.session import session_of


@task(name="plan", cache_policy=NO_CACHE)
def plan(run: str) -> dict[str, Any]:
    """Plan the night of the run folder `run`. Returns the counts of core.runs.stylize_plan.PlanSummary.

    Raises SpecError for a wrong spec, catalog or pairs file.
    """
    session = session_of(run)
    made = session.plan()
    assert made is not None
    begin_night(session.store, made)
    summary = made.summary
    session.pool.open(session.store, made.context, summary.todo, summary.seconds)
    get_run_logger().info(
        "%d jobs planned: %d to make in %d shards, %d done before",
        summary.total,
        summary.todo,
        summary.shards,
        summary.done,
    )
    if summary.choice:
        get_run_logger().info(summary.choice)
    for problem in made.problems:
        get_run_logger().warning(problem)
    return asdict(summary)
