"""Task `plan`: work out tonight's jobs and put the plan into the run folder."""

from __future__ import annotations

from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.runs.session import open_sessions


@task(name="plan", cache_policy=NO_CACHE)
def plan(run: str) -> dict[str, Any]:
    """Plan the night of the run folder `run`. Returns its record (core.planning.planner.Plan).

    Raises SpecError for a wrong spec, catalog or pairs file.
    """
    made = open_sessions[run].begin_night()
    summary = made.summary
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
    return made.record()
