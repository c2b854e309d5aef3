"""The manifest's columns: those of the first version stay as they were."""

from core.manifest.manifest import csv_bytes
from core.manifest.schema import COLUMNS, SCHEMA
from tests.golden import golden


def test_columns_of_the_first_version_keep_their_types_and_order() -> None:
    first = [tuple(column) for column in golden("columns.json")["manifest"]]
    now = [(column.name, str(column.type)) for column in COLUMNS]
    assert [column for column in now if column in first] == first


def test_the_csv_has_the_columns_that_are_no_lists() -> None:
    header = csv_bytes(SCHEMA.empty_table()).decode().strip().replace('"', "").split(",")
    assert [name for name in header if name in golden("columns.json")["csv"]] == golden("columns.json")["csv"]
