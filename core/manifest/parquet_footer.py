"""Parquet footer and page headers: the rows and bytes that a file claims, read before Arrow allocates for them.

Arrow's own access to these descriptions ends the whole process when some of them are damaged (seen in 26.0), so they are
read here. Field numbers are those of parquet.thrift.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.manifest.thrift_compact import Reader, Struct

MAGIC = b"PAR1"
LONGEST_FOOTER = 4 << 20
"""Bytes of the description at the end of a file; ours have some thousands for each million rows."""

_ROWS, _GROUPS, _COLUMNS, _FILE, _COLUMN = 3, 4, 1, 1, 3
_PATH, _LENGTH, _DATA, _DICTIONARY = 3, 7, 9, 11
_INFLATED, _COMPRESSED, _KINDS = 2, 3, (5, 7, 8)


class PageHeader(NamedTuple):
    """A page of a column: bytes once inflated, and values."""

    inflated: int
    values: int


@dataclass(frozen=True)
class FooterClaims:
    """The rows of a file, and where its columns lie: (name, begin, end), one each for every group of rows."""

    rows: int
    columns: list[tuple[str, int, int]]


def read_footer(data: bytes) -> FooterClaims:
    """What the bytes of a Parquet file claim at their end. Raises ValueError for anything else."""
    length = int.from_bytes(data[-8:-4], "little")
    if data[:4] != MAGIC or data[-4:] != MAGIC or not 0 < length <= min(LONGEST_FOOTER, len(data) - 12):
        raise ValueError("no Parquet file")
    try:
        footer = Reader(data, len(data) - 8 - length).struct()
        groups = footer.get(_GROUPS, [])
        # Of a group without rows Arrow reads nothing, and writes places that are none.
        columns = [_column(column) for group in groups if group[_ROWS] for column in group[_COLUMNS]]
        return FooterClaims(_natural(footer[_ROWS]), columns)
    except (KeyError, TypeError, AttributeError, IndexError) as error:  # fields of other kinds than they should be
        raise ValueError("its description is damaged") from error


def read_page_headers(data: bytes, begin: int, end: int) -> Iterator[PageHeader]:
    """The pages of the column that lies from `begin` to `end`. Raises ValueError where they are damaged."""
    while begin < end:
        reader = Reader(data, begin)
        header = reader.struct()
        described: Struct = next((header[kind] for kind in _KINDS if isinstance(header.get(kind), dict)), {})
        yield PageHeader(_natural(header.get(_INFLATED)), _natural(described.get(1)))
        begin = reader.at + _natural(header.get(_COMPRESSED))
    if begin > end:
        raise ValueError("a page longer than its column")


def _column(chunk: Struct) -> tuple[str, int, int]:
    if chunk.get(_FILE):
        raise ValueError("a column in another file")
    about = chunk[_COLUMN]
    begin = _natural(about[_DATA])
    if about.get(_DICTIONARY):
        begin = min(begin, _natural(about[_DICTIONARY]))
    return about[_PATH][0].decode(), begin, begin + _natural(about[_LENGTH])


def _natural(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError("a number that is missing, or negative")
    return value
