"""The kinds of survey that there are, by the kind of their spec."""

from __future__ import annotations

from core.survey.analysis import ANALYSE
from core.survey.appraisal import APPRAISE
from core.survey.kind import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (APPRAISE, ANALYSE)}
