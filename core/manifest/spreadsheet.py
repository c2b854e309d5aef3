"""CSV for spreadsheet programs: a byte order mark, so that they read UTF-8, and texts that none of them takes for formulas.

A name such as `=HYPERLINK(...)` is run by a program that opens a plain CSV (OWASP, "CSV Injection").
"""

from __future__ import annotations

import codecs

import pyarrow as pa
import pyarrow.compute as pc

from core.manifest.part_files import csv_bytes

FORMULA = "^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""How a cell begins that is computed, in half and full width."""


def spreadsheet_bytes(rows: pa.Table) -> bytes:
    """A table as CSV whose texts that would be formulas begin with an apostrophe; numbers stay numbers."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type) or pa.types.is_string(field.type):
            rows = rows.set_column(place, field.name, _harmless(rows[field.name].cast(pa.string())))
    return codecs.BOM_UTF8 + csv_bytes(rows)


def _harmless(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    marked = pc.binary_join_element_wise("'", texts, "")
    return pc.if_else(pc.match_substring_regex(texts, FORMULA), marked, texts)
