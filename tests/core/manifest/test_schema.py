"""The manifest's columns: those of the first version stay as they were."""

import pyarrow as pa
import pytest

from core.errors import REASONS
from core.manifest.part_files import csv_bytes
from core.manifest.schema import COLUMNS, SCHEMA, Column
from docs import manifest_page
from tests.golden import golden


def test_columns_of_the_first_version_keep_their_types_and_order() -> None:
    first = [tuple(column) for column in golden("columns.json")["manifest"]]
    now = [(column.name, str(column.type)) for column in COLUMNS]
    assert [column for column in now if column in first] == first


def test_the_csv_has_the_columns_that_are_no_lists() -> None:
    header = csv_bytes(SCHEMA.empty_table()).decode().strip().replace('"', "").split(",")
    assert [name for name in header if name in golden("columns.json")["csv"]] == golden("columns.json")["csv"]


def test_the_page_of_the_manifest_has_every_column_and_reason_as_they_are() -> None:
    text = manifest_page.PAGE.read_text()
    assert manifest_page.page(text) == text, f"{manifest_page.PAGE} is out of date: run {manifest_page.COMMAND}"
    for reason in REASONS:
        assert f"`{reason}`" in text, f"describe {reason} in {manifest_page.PAGE}"


def test_the_tables_of_the_page_follow_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_page, "COLUMNS", (*COLUMNS, Column("hue", pa.float32(), "Mean hue, degrees.")))
    before = manifest_page.PAGE.read_text()
    added = set(manifest_page.page(before).splitlines()) - set(before.splitlines())
    assert added == {"| `hue` | float | Mean hue, degrees. |"}
