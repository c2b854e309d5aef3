"""Table of a survey: rows committed in parts, merged into `manifest.parquet` and `manifest.csv`."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import NocturneError
from core.manifest.part_files import fold, part_names, put_part, with_columns
from core.safe_text import printable, truncated
from core.storage.run_paths import MANIFEST
from core.storage.store import Store, is_disk_fault, read_error

SurveyRow = Mapping[str, Any]
"""One picture: values by column."""


def write_part(store: Store, schema: pa.Schema, rows: Iterable[SurveyRow]) -> None:
    """Commit rows. Raises StorageFailed or StoreBroken."""
    put_part(store, pa.Table.from_pylist(list(rows), schema=schema))


def read(store: Store, schema: pa.Schema) -> pa.Table:
    """Every asset's latest row, parts included, by asset. Columns that a file has not are null.

    Raises NocturneError for a file that is no table.
    """
    files = ([MANIFEST] if store.exists(MANIFEST) else []) + part_names(store)
    tables = [_read(store, name, schema) for name in files]
    rows = pa.concat_tables([schema.empty_table(), *tables])
    latest = {asset: place for place, asset in enumerate(rows["asset"].to_pylist())}
    return rows.take(pa.array([latest[asset] for asset in sorted(latest)], pa.int64()))


def strange_columns(store: Store, name: str, schema: pa.Schema) -> list[str]:
    """Columns of a table or part that a survey of this schema has not; none for a file that is no table."""
    try:
        found = pq.read_schema(io.BytesIO(store.read(name))).names
    except (pa.ArrowException, ValueError, OSError):
        return []
    return [column for column in found if column not in schema.names]


def merge(
    store: Store, schema: pa.Schema, assets: Collection[str], unknown: Callable[[str], bool] = lambda _: False
) -> pa.Table:
    """Merge the parts, keeping the rows of these assets, and of those of which `unknown` says that nothing is known now.

    Call it under the survey's lock. Returns the table.
    """
    names = part_names(store)
    rows = read(store, schema)
    there = set(assets)
    rows = rows.filter(pa.array([asset in there or unknown(asset) for asset in rows["asset"].to_pylist()], pa.bool_()))
    fold(store, rows, names)
    return rows


def batches(rows: pa.Table, most: int = 10_000) -> Iterator[list[dict[str, Any]]]:
    """The rows as plain values, some at a time."""
    for batch in rows.to_batches(max_chunksize=most):
        yield batch.to_pylist()


def _read(store: Store, name: str, schema: pa.Schema) -> pa.Table:
    try:
        found = pq.read_table(io.BytesIO(store.read(name)), use_threads=False)
        return with_columns(found, schema).cast(schema)
    except (pa.ArrowException, ValueError, OSError) as error:
        if is_disk_fault(error):
            raise read_error(cast(OSError, error), store.path(name)) from error
        words = truncated(printable(" ".join(str(error).split())))
        fault = f"{store.path(name)} is not a table of this survey ({words})"
        raise NocturneError(fault, "move it away: its pictures are then looked at again.") from error
