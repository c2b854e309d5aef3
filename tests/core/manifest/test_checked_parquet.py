"""Manifest rows of other versions: what a file lacks is null, and what it has more is not read."""

import pyarrow as pa
import pytest

from core.manifest.checked_parquet import read_rows
from core.manifest.manifest import table
from core.manifest.part_files import parquet_bytes
from core.manifest.schema import COLUMNS, NEEDED, SCHEMA, Column

ROWS = table([{"output": "wave/a.png", "key": "k", "status": "done", "score": 0.5, "losses": [2.0, 1.0]}])


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_file_that_lacks_a_column_opens_unless_it_is_needed(column: Column) -> None:
    data = parquet_bytes(ROWS.drop_columns([column.name]))
    if column.needed:
        with pytest.raises(ValueError, match=f"no column `{column.name}`"):
            read_rows(data, SCHEMA)
    else:
        found = read_rows(data, SCHEMA)
        assert found.schema.names == SCHEMA.names
        assert found.to_pylist() == [{**ROWS.to_pylist()[0], column.name: None}]


def test_the_needed_columns_are_few() -> None:
    assert NEEDED == ("output", "key", "status")


def test_a_column_of_a_later_version_is_not_read() -> None:
    later = ROWS.append_column("of_tomorrow", pa.array([1]))
    assert read_rows(parquet_bytes(later), SCHEMA).to_pylist() == ROWS.to_pylist()


@pytest.mark.parametrize("name", NEEDED)
def test_a_row_without_its_identity_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"rows without `{name}`"):
        read_rows(parquet_bytes(table([{**ROWS.to_pylist()[0], name: None}])), SCHEMA)
