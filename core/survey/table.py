"""A survey's table: rows committed in parts, folded into `manifest.parquet` and `manifest.csv`."""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from core.errors import NocturneError
from core.manifest.manifest import parquet_bytes
from core.storage.run_paths import MANIFEST, MANIFEST_CSV, PARTS
from core.storage.store import Store
from core.text import printable, truncated

Row = dict[str, Any]


def write_part(store: Store, schema: pa.Schema, rows: Iterable[Row]) -> None:
    """Commit rows. Raises StorageFailed or StoreBroken."""
    name = f"{PARTS}/{time.time_ns() // 1_000_000:014d}-{secrets.token_hex(8)}.parquet"
    store.put(name, parquet_bytes(pa.Table.from_pylist(list(rows), schema=schema)))


def read(store: Store, schema: pa.Schema) -> pa.Table:
    """Every asset's latest row, parts included, by asset. Columns that a file has not are null.

    Raises NocturneError for a file that is no table.
    """
    names = sorted(store.names(PARTS, ".parquet"))
    tables = [_read(store, name, schema) for name in ([MANIFEST] if store.exists(MANIFEST) else []) + names]
    rows = pa.concat_tables([schema.empty_table(), *tables])
    latest = {asset: place for place, asset in enumerate(rows["asset"].to_pylist())}
    return rows.take(pa.array([latest[asset] for asset in sorted(latest)], pa.int64()))


def merge(store: Store, schema: pa.Schema, assets: Collection[str]) -> pa.Table:
    """Fold the parts in, keeping the rows of these assets alone. Call it under the survey's lock. Returns the table."""
    names = sorted(store.names(PARTS, ".parquet"))
    rows = read(store, schema)
    there = set(assets)
    rows = rows.filter(pa.array([asset in there for asset in rows["asset"].to_pylist()], pa.bool_()))
    store.put(MANIFEST, parquet_bytes(rows))
    store.put(MANIFEST_CSV, _csv(rows))
    for name in names:
        store.remove(name)
    return rows


def batches(rows: pa.Table, most: int = 10_000) -> Iterator[list[Row]]:
    """The rows as plain values, some at a time."""
    for batch in rows.to_batches(max_chunksize=most):
        yield batch.to_pylist()


def _read(store: Store, name: str, schema: pa.Schema) -> pa.Table:
    try:
        found = pq.read_table(io.BytesIO(store.read(name)), use_threads=False)
        for each in schema:
            if each.name not in found.column_names:
                found = found.append_column(each, pa.nulls(found.num_rows, each.type))
        return found.select(schema.names).cast(schema)
    except (pa.ArrowException, ValueError, OSError) as error:
        words = truncated(printable(" ".join(str(error).split())))
        fault = f"{store.path(name)} is not a table of this survey ({words})"
        raise NocturneError(f"{fault}", "move it away: its pictures are then looked at again.") from error


def _csv(rows: pa.Table) -> bytes:
    """Without columns of lists, which CSV has not."""
    flat = rows.select([each.name for each in rows.schema if not pa.types.is_nested(each.type)])
    sink = io.BytesIO()
    pacsv.write_csv(flat, sink)
    return sink.getvalue()
