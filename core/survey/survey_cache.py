"""Surveys whose tables lie in the user's cache: a command annotates a folder once, and later ones reuse the rows."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from core.config.spec_fields import check_folder
from core.errors import RunBusy, SpecError
from core.progress import ProgressCallback
from core.storage.cache_dir import cache_folder
from core.storage.user_folders import write_fault
from core.survey.spec import SurveySpec
from core.survey.survey import Survey
from core.survey.survey_kinds import SurveyKind

LOCK_SECONDS = 1800.0
"""Seconds to wait for another process that surveys the same folder."""


class CachedSpec(SurveySpec):
    """A survey for a command's own use. Its table lies in the user's cache, wherever specs may lead."""

    kind: ClassVar[str] = "cached"
    annotator_options: dict[str, Any] = Field({}, title="Options", description="What the annotator is made from.")

    @property
    def options(self) -> dict[str, Any]:
        """What the annotator is made from."""
        return self.annotator_options

    def check(self) -> None:
        """Look at the folder of pictures. Raises SpecError."""
        check_folder("folder", self.pictures)


class CachedSurvey(Survey):
    """A survey that waits for others of the same folder: their rows are what it needs."""

    def _lock(self, held: contextlib.ExitStack) -> None:
        end = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                return super()._lock(held)
            except RunBusy:
                if time.monotonic() > end:
                    raise


def cached_survey(
    folder: Path,
    kind: SurveyKind,
    options: dict[str, Any],
    tick: ProgressCallback = lambda *_: None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    *,
    system_folders: bool = False,
) -> Survey:
    """The survey of a folder in the cache, to be used as a context manager; entering raises SpecError or RunBusy."""
    if fault := write_fault(cache_folder()):
        what = f"the cache, in which it is kept what pictures are like, cannot be used: {fault.what}"
        raise SpecError(what, "set NOCTURNE_CACHE to a folder that can be written to.")
    real = os.path.realpath(folder)
    scanned = (real, list(include), list(exclude), *((system_folders,) if system_folders else ()))
    place = hashlib.sha256(repr(scanned).encode(errors="surrogateescape")).hexdigest()
    values = {
        "pictures": folder.absolute(),
        "out": (cache_folder() / "surveys" / kind.name / place[:20]).absolute(),
        "include": list(include),
        "exclude": list(exclude),
        "system_folders": system_folders,
        "annotator_options": options,
    }
    report = lambda what, done, total: tick(done, total) if what == "pictures" else None  # noqa: E731
    return CachedSurvey(CachedSpec.model_validate(values), kind, report)
