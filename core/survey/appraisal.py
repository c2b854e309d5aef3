"""The survey `appraise`."""

from __future__ import annotations

from core.appraise.appraisal import COLUMNS, appraise
from core.image import Picture
from core.survey.kind import Kind, Looked

APPRAISE = Kind("appraise", 1, "core.survey.appraisal:Appraiser", COLUMNS)


class Appraiser:
    """Judges how pictures are made and composed."""

    def look(self, picture: Picture, name: str) -> Looked:  # noqa: ARG002 - another kind writes files by it
        """The picture's measures."""
        return Looked(appraise(picture))
