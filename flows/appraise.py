"""Flow `appraise`: scores of a folder of pictures, one row a picture."""

from __future__ import annotations

from typing import Any

from core.survey.spec import AppraiseSpec
from flows.bootstrap import nocturne_flow
from flows.survey_flow import run_survey


@nocturne_flow("appraise")
def appraise(spec: AppraiseSpec) -> dict[str, Any]:
    """Judge how the pictures of a folder are made and composed, those alone that are not in the table yet.

    Returns counts, and where the table lies. Raises SpecError, RunBusy, StoreBroken, NocturneError.
    """
    return run_survey(spec)
