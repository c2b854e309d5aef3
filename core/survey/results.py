"""The end of a survey: its table, its page, and its record."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from core.layout import MANIFEST
from core.survey.survey import Survey


def finished(survey: Survey) -> dict[str, Any]:
    """Write the table. Returns counts, whether pictures are left, and where things lie."""
    rows = survey.finish()
    failed = int(pc.sum(pc.equal(rows["status"], "failed")).as_py() or 0)
    return {
        **survey.tally.told(),
        "kind": survey.kind.name,
        "failed": failed,
        "left": survey.tally.pictures - rows.num_rows,
        "folder": str(survey.spec.out),
        "table": str(survey.store.path(MANIFEST)),
    }
