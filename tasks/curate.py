"""Task `curate`: keep the best of a run's samples, and the others apart."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.gan.jobs.sample_spec import SampleSpec
from core.manifest import manifest
from core.report.summary import summarise
from core.runs.curate import curate_run
from core.runs.session import session_of


@task(name="curate", cache_policy=NO_CACHE)
def curate(run: str) -> dict[str, Any]:
    """Curate the run folder `run`, once all its seeds are drawn. Returns the counts of core.report.summary.RunSummary.

    Raises SpecError for a folder without training pictures.
    """
    session = session_of(run)
    assert isinstance(session.spec, SampleSpec)
    selection = curate_run(session.store, session.spec)
    if selection.judged:
        get_run_logger().info(
            "%d kept, %d near-duplicates and %d of low score rejected",
            selection.kept,
            selection.near_duplicates,
            selection.low_scores,
        )
    return asdict(summarise(manifest.read(session.store)))
