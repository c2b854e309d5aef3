"""Task `survey_span`: measure the pictures of one span of a survey."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.survey.survey import survey_of


@task(name="survey_span", task_run_name="span-{span}", cache_policy=NO_CACHE)
def survey_span(out: str, span: int) -> dict[str, Any]:
    """Look at the pictures of one span of the survey in the folder `out`. Returns counts: rows now, and so far."""
    survey = survey_of(out)
    rows = survey.annotate_span(span)
    get_run_logger().info("span %d: %d rows, %d failed so far", span, rows, survey.counts.failed)
    return {"span": span, "rows": rows, **asdict(survey.counts)}
