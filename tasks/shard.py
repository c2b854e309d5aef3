"""Tasks `stylize_shard` and `sample_shard`: make one shard of a plan; the same task under the name of each kind of run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.runs import shard as shards


@task(task_run_name="shard-{shard}", cache_policy=NO_CACHE)
def make_shard(run: str, shard: int) -> dict[str, Any]:
    """Make the jobs of one shard of the run folder `run`. Returns the fields of core.runs.shard.ShardRecord."""
    record = shards.make_shard(run, shard)
    get_run_logger().info(
        "shard %d: %d done, %d failed, %d left", shard, record.done, sum(record.failed.values()), record.left
    )
    return asdict(record)


def shard_task(kind: str) -> Task[..., Any]:
    """The task that makes shards of a kind of run, by its name in the dashboard."""
    return make_shard.with_options(name=f"{kind}_shard")
