"""Reading untrusted Parquet files of manifest rows: sizes are checked before Arrow allocates, lacking columns are null."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.manifest.parquet_footer import read_footer, read_page_headers
from core.manifest.part_files import with_columns
from core.manifest.schema import NEEDED

MOST_ROWS = 1_000_000
"""Rows that any file may have; a longer one may have one more for each BYTES_A_ROW of its length."""

BYTES_A_ROW = 8
"""Every row has digests of its own, which do not compress below this."""

MOST_BYTES, MOST_INFLATION = 256 << 20, 64
"""Bytes that any file may have once inflated, and how many times its length a longer one may."""

MOST_IN_A_ROW = 64
"""Values of a list: the longest is the history of the loss."""

_LAST_TIME = 253_402_300_799_000
"""Milliseconds from 1970 to the end of the year 9999, where Python's dates end."""


def read_rows(data: bytes, schema: pa.Schema) -> pa.Table:
    """The rows in the bytes of a Parquet file, with these columns; those that it lacks are null, others are not read.

    Raises ArrowException, OSError, KeyError or ValueError for a file that is damaged, lacks a needed column, or would need
    memory out of all proportion to its length.
    """
    _check_size(data, schema.names)
    source = pa.BufferReader(data)
    there = set(pq.read_schema(source).names)
    if lacking := [name for name in NEEDED if name not in there]:
        raise ValueError(f"no column `{lacking[0]}`")
    present = [field for field in schema if field.name in there]
    texts = [field.name for field in present if field.type == pa.string()]
    # In this thread alone: one of Arrow's own must not hold a Python buffer when the process ends.
    options = {"read_dictionary": texts, "pre_buffer": False, "use_threads": False}
    found = pq.read_table(source, columns=[field.name for field in present], **options)
    _check_texts(data, found, texts)
    rows = with_columns(found, schema).cast(schema)
    rows.validate(full=True)
    _check_values(rows)
    return rows


def _check_size(data: bytes, names: Collection[str]) -> None:
    """Raises ValueError if the file, or what its pages say, is out of proportion to its length."""
    claimed, most = read_footer(data), MOST_ROWS + len(data) // BYTES_A_ROW
    if claimed.rows > most:
        raise ValueError(f"{claimed.rows:,} rows")
    inflated = 0
    values: Counter[str] = Counter()
    for name, begin, end in claimed.columns:
        for page in read_page_headers(data, begin, end) if name in names else ():
            inflated += page.inflated
            values[name] += page.values
            if inflated > max(MOST_BYTES, MOST_INFLATION * len(data)) or values[name] > 2 * MOST_IN_A_ROW * most:
                raise ValueError(f"{inflated:,} bytes and {values[name]:,} values once it is inflated")


def _check_texts(data: bytes, rows: pa.Table, names: Iterable[str]) -> None:
    """Raises ValueError if texts that the file has once and means many times would be too long written out."""
    length = 0
    for name in names:
        for chunk in rows[name].chunks:
            if pa.types.is_dictionary(chunk.type):
                each = pc.binary_length(chunk.dictionary)
                length += pc.sum(each.take(chunk.indices)).as_py() or 0
    if length > max(MOST_BYTES, MOST_INFLATION * len(data)):
        raise ValueError(f"{length:,} bytes of text")


def _check_values(rows: pa.Table) -> None:
    """Raises ValueError for rows without an identity, or at a time that no clock shows."""
    for name in NEEDED:
        if rows[name].null_count:
            raise ValueError(f"rows without `{name}`")
    for name in ("started", "finished"):
        found = pc.min_max(rows[name].cast(pa.int64()))
        if any(abs(time.as_py() or 0) > _LAST_TIME for time in found.values()):
            raise ValueError(f"`{name}` is at no time")
