"""Reading manifest rows by column, whether they come as an Arrow table or as a list of dictionaries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

Rows: TypeAlias = pa.Table | Sequence[Mapping[str, Any]]
"""Manifest rows; columns are those of `core.manifest.schema.COLUMNS`, and any of them may be absent."""


def columns(rows: Rows, names: Iterable[str]) -> dict[str, list[Any]]:
    """The columns `names` as equally long Python lists; a column that the rows lack is all None."""
    if isinstance(rows, pa.Table):
        return {name: _of_table(rows, name) for name in names}
    return {name: [row.get(name) for row in rows] for name in names}


def finite(value: float | None) -> bool:
    """Whether a score or a time was measured: neither null nor NaN nor infinite."""
    return value is not None and math.isfinite(value)


def _of_table(table: pa.Table, name: str) -> list[Any]:
    if name not in table.column_names:
        return [None] * table.num_rows
    values: list[Any] = table.column(name).to_pylist()
    return values
