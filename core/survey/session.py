"""Who surveys in this process: Prefect's tasks find the survey here by its folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from core.survey.kind import Kind
from core.survey.spec import SurveySpec
from core.survey.survey import Survey

_surveys: dict[str, Survey] = {}


@contextlib.contextmanager
def on_survey(spec: SurveySpec, kind: Kind) -> Iterator[Survey]:
    """The survey of this rooted spec, begun now unless the caller of the flow has begun it already.

    Raises SpecError, RunBusy, StoreBroken.
    """
    begun = _surveys.get(os.fspath(spec.out))
    if begun is not None:
        yield begun
        return
    with Survey(spec, kind) as survey, serving(survey):
        yield survey


@contextlib.contextmanager
def serving(survey: Survey) -> Iterator[None]:
    """Have tasks of this process find a survey that is begun."""
    place = os.fspath(survey.spec.out)
    _surveys[place] = survey
    try:
        yield
    finally:
        _surveys.pop(place, None)


def survey_of(folder: str | Path) -> Survey:
    """The survey of this process whose folder `folder` is. Raises KeyError."""
    return _surveys[os.fspath(folder)]
