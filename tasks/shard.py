"""What the tasks that make shards have in common: the run's pool makes the jobs, the task counts them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from prefect import get_run_logger

from core.planning.plan_file import read_shard
from core.runs.session import session_of


def make_shard(run: str, shard: int) -> dict[str, Any]:
    """Make the jobs of one shard. Returns counts: done, failed by reason, left for another night, seconds of work."""
    session = session_of(run)
    jobs = [] if session.pool.stopping else read_shard(session.store, shard)
    outcomes, left = session.pool.make(jobs)
    failed = Counter(outcome.reason for outcome in outcomes if outcome.status == "failed")
    record = {
        "shard": shard,
        "done": sum(outcome.status == "done" for outcome in outcomes),
        "failed": dict(failed),
        "left": left,
        "seconds": sum(outcome.seconds for outcome in outcomes),
    }
    get_run_logger().info("shard %d: %d done, %d failed, %d left", shard, record["done"], failed.total(), left)
    return record
