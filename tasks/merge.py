"""Task `merge`: take over equal jobs, and fold the night's parts into the manifest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from core.report.summary import summarise
from core.runs.finalise import merge_night
from core.runs.run_kinds import spec_of_run
from core.storage.store import Store


@task(name="merge", cache_policy=NO_CACHE)
def merge(run: str) -> dict[str, Any]:
    """Merge the manifest of the run folder. Returns the counts of core.report.summary.RunSummary."""
    store = Store(run)
    return asdict(summarise(merge_night(store, spec_of_run(store))))
