"""Surveys of earlier versions: what was looked at is known, and the rest alone is looked at."""

from __future__ import annotations

import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.survey.spec import AnalyseSpec, AppraiseSpec, SurveySpec
from core.survey.survey import Survey
from core.survey.survey_kinds import KINDS
from tests.compatibility.conftest import OldStudio
from tests.flows.command import here

SPECS: dict[str, type[SurveySpec]] = {"appraise": AppraiseSpec, "analyse": AnalyseSpec}


@pytest.mark.parametrize("kind", SPECS)
def test_nothing_is_looked_at_again(old: OldStudio, kind: str) -> None:
    before: list[dict[str, Any]] = pq.read_table(old.run(kind) / "manifest.parquet").to_pylist()
    ended = here(kind, old.root / "library", "--out", old.run(kind), "--json")
    record = json.loads(ended.out)
    assert (ended.code, record["pictures"], record["looked"], record["failed"]) == (3, 4, 0, 1)
    rows = pq.read_table(record["table"]).to_pylist()
    assert [{name: row[name] for name in before[0]} for row in rows if row["status"] == "done"] == [
        row for row in before if row["status"] == "done"
    ]


@pytest.mark.parametrize("kind", SPECS)
def test_a_new_picture_alone_is_looked_at(old: OldStudio, kind: str) -> None:
    Image.open(old.root / "library/hill.png").rotate(180).save(old.root / "library/vale.png")
    values = {"pictures": str(old.root / "library"), "out": str(old.run(kind))}
    with Survey(SPECS[kind].from_values(values, "test"), KINDS[kind]) as survey:
        assert [task.name for task in survey.pending] == ["vale.png"]
