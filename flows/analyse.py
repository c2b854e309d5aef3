"""Flow `analyse`: colours, mood and structure of a folder of pictures, one row a picture."""

from __future__ import annotations

from typing import Any

from core.survey.spec import AnalyseSpec
from flows.bootstrap import nocturne_flow
from flows.survey_flow import run_survey


@nocturne_flow("analyse")
def analyse(spec: AnalyseSpec) -> dict[str, Any]:
    """See colours, mood and structure of the pictures of a folder, those alone that are not in the table yet.

    Returns counts, and where the table lies. Raises SpecError, RunBusy, StoreBroken, NocturneError.
    """
    return run_survey(spec)
