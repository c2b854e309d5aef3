"""Rows that claim a picture under a name which no file of a run folder can have: anybody may have written a manifest."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

REASON = "storage"
MESSAGE = (
    "Its name leads out of the run folder, or is longer than a disk takes, so it is no picture of this run; "
    "find out who wrote this row."
)

_REFUSED = r"^$|(^|/)\.\.(/|$)|^/|\\|\x00|^[A-Za-z]:|[^/]{252}"
"""Of bytes; small views add `.jpg` to names, and a disk takes 255."""

_LONGEST = 3_000
"""Bytes of a whole path: a system takes 4,096, with the run folder's own."""


def refused_rows(rows: pa.Table) -> pa.Array:
    """Which rows have a picture, by their status, under a name that is refused."""
    output = rows["output"].cast(pa.binary()).fill_null(b"")
    refused = pc.or_(
        pc.match_substring_regex(output, f"(?s){_REFUSED}"), pc.greater(pc.binary_length(output), _LONGEST)
    )
    return pc.and_(pc.is_in(rows["status"], pa.array(["done", "rejected"])), refused)


def fail_refused_rows(rows: pa.Table) -> pa.Table:
    """The rows of a manifest, of which those with a refused name are failed, with REASON and MESSAGE."""
    refused = refused_rows(rows)
    if not pc.any(refused).as_py():
        return rows
    for name, text in (("status", "failed"), ("reason", REASON), ("message", MESSAGE)):
        place = rows.schema.get_field_index(name)
        if place >= 0:
            field = rows.schema.field(place)
            rows = rows.set_column(place, field, pc.if_else(refused, pa.scalar(text, field.type), rows[name]))
    return rows
