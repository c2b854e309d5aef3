"""Task `curate`: keep the best of a run's samples, and the others apart."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.manifest import manifest
from core.report.summary import summarise
from core.runs.run_kinds import kind_of, spec_of_run
from core.storage.store import Store


@task(name="curate", cache_policy=NO_CACHE)
def curate(run: str) -> dict[str, Any]:
    """Curate the run folder `run`, once all its seeds are drawn. Returns the counts of core.report.summary.RunSummary.

    Raises SpecError for a folder without training pictures.
    """
    store = Store(run)
    spec = spec_of_run(store)
    selection = kind_of(spec).load("curate")(store, spec)
    if selection.judged:
        get_run_logger().info(
            "%d kept, %d near-duplicates and %d of low score rejected",
            selection.kept,
            selection.near_duplicates,
            selection.low_scores,
        )
    return asdict(summarise(manifest.read(store)))
