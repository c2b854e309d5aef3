from __future__ import annotations

from pathlib import Path

from core.assist.measures import COLUMNS

DOCS = Path(__file__).parents[3] / "docs/assistance.md"


def test_every_column_is_documented_as_it_is_explained() -> None:
    text = DOCS.read_text()
    for column in COLUMNS:
        assert f"| `{column.name}` | {column.meaning} |" in text
