"""Tables committed in parts: small Parquet files that a merge folds into `manifest.parquet` and `manifest.csv`."""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from core.storage.run_paths import MANIFEST, MANIFEST_CSV, PARTS
from core.storage.store import Store


def put_part(store: Store, rows: pa.Table) -> str:
    """Commit rows as a part; its presence is the mark that they are done. Returns its name.

    Raises StorageFailed or StoreBroken.
    """
    # The name only has to be new: clocks jump, and process numbers come again.
    name = f"{PARTS}/{time.time_ns() // 1_000_000:014d}-{secrets.token_hex(8)}.parquet"
    store.put(name, parquet_bytes(rows))
    return name


def part_names(store: Store) -> list[str]:
    """The parts that are not folded in yet, the oldest first."""
    return sorted(store.names(PARTS, ".parquet"))


def fold(store: Store, rows: pa.Table, parts: Iterable[str]) -> None:
    """Write the whole table, as Parquet and as CSV, then remove the parts whose rows it has.

    Call it under the run's lock. Raises StorageFailed or StoreBroken.
    """
    store.put(MANIFEST, parquet_bytes(rows))
    store.put(MANIFEST_CSV, csv_bytes(rows))
    for name in parts:
        store.remove(name)


def with_columns(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows with the schema's columns in its order: those that they lack are null, others are left out."""
    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows.select(schema.names)


def parquet_bytes(rows: pa.Table) -> bytes:
    """A table as a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(rows, sink, compression="zstd")
    return sink.getvalue()


def csv_bytes(rows: pa.Table) -> bytes:
    """A table as CSV, without columns of lists, which CSV has not: the loss history and the traits."""
    sink = io.BytesIO()
    pacsv.write_csv(rows.select([field.name for field in rows.schema if not pa.types.is_nested(field.type)]), sink)
    return sink.getvalue()
