"""Task `merge`: take over equal jobs, and fold the night's parts into the manifest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from core.engine.copy_jobs import take_copies
from core.planning.cost_update import learn
from core.report.summary import summarise
from core.runs.finalise import settled
from core.runs.session import duty_of


@task(name="merge", cache_policy=NO_CACHE)
def merge(run: str) -> dict[str, Any]:
    """Merge the manifest of the run folder. Returns the counts of core.report.summary.RunSummary."""
    duty = duty_of(run)
    take_copies(duty.store, duty.store.root.name)
    rows = settled(duty.store, duty.spec)
    learn(duty.spec.device, duty.store, rows)
    return asdict(summarise(rows))
