"""Task `merge`: take over equal jobs, and fold the night's parts into the manifest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from core.engine.copy_jobs import copy_equal_jobs
from core.planning.cost_update import learn
from core.report.summary import summarise
from core.runs.finalise import finalise
from core.runs.session import session_of


@task(name="merge", cache_policy=NO_CACHE)
def merge(run: str) -> dict[str, Any]:
    """Merge the manifest of the run folder. Returns the counts of core.report.summary.RunSummary."""
    session = session_of(run)
    copy_equal_jobs(session.store, session.store.root.name)
    rows = finalise(session.store, session.spec)
    learn(session.spec.device, session.store, rows)
    return asdict(summarise(rows))
