"""End of a survey: merges its table, writes its page, and returns its record."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pyarrow.compute as pc

from core.report.board import inspiration_page
from core.storage.run_paths import MANIFEST
from core.survey.boards import PAGE, board_of
from core.survey.spec import AnalyseSpec
from core.survey.survey import Survey
from core.survey.table import batches


def finish_survey(survey: Survey) -> dict[str, Any]:
    """Write the table, and of an analysis the page. Returns counts, how many are left, and where things lie."""
    rows, page = survey.merge(), None
    if isinstance(survey.spec, AnalyseSpec) and not survey.spec.measures_only:
        every = [row for some in batches(rows) for row in some]
        survey.store.put(PAGE, inspiration_page(board_of(survey.spec.pictures.name, every, survey.store)))
        page = str(survey.store.path(PAGE))
    failed = int(pc.sum(pc.equal(rows["status"], "failed")).as_py() or 0)
    return {
        **asdict(survey.counts),
        "kind": survey.kind.name,
        "failed": failed,
        "left": survey.counts.pictures - rows.num_rows,
        "folder": str(survey.spec.out),
        "problems": survey.problems,
        "page": page,
        "table": str(survey.store.path(MANIFEST)),
    }
