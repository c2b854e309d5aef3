"""Task `sample_shard`: have one shard of a plan of sampling made by the run's pool."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.shard import make_shard


@task(name="sample_shard", task_run_name="shard-{shard}", cache_policy=NO_CACHE)
def sample_shard(run: str, shard: int) -> dict[str, Any]:
    """Make the jobs of one shard. Returns counts, as `tasks.shard.make_shard` does."""
    return make_shard(run, shard)
