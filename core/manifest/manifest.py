"""The manifest: one row a planned job, saying what was made, from what, how, how well, or why not.

Rows are committed in small Parquet files, the *parts*; `merge` folds them into `manifest.parquet`. A reader sees both, so
the manifest can be read at any moment of a night.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import NocturneError, SpecError, StoreBroken
from core.manifest.checked_parquet import read_rows
from core.manifest.part_files import fold, parquet_bytes, part_names, put_part
from core.manifest.ranks import with_ranks
from core.manifest.refused_names import fail_refused_rows, refused_rows
from core.manifest.schema import LISTS, SCHEMA
from core.safe_text import printable, truncated
from core.storage.bounded_read import NotRegular
from core.storage.run_paths import MANIFEST, picture_paths
from core.storage.store import Store, read_error


def table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Rows as an Arrow table with the manifest's schema; missing columns are null."""
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def write_part(store: Store, rows: pa.Table | Iterable[dict[str, Any]]) -> str:
    """Commit rows as a part; its presence is the mark that they are done. Returns its name.

    Raises StorageFailed or StoreBroken.
    """
    return put_part(store, rows if isinstance(rows, pa.Table) else table(rows))


def read(store: Store, columns: Sequence[str] | None = None) -> pa.Table:
    """The manifest as it stands, parts included, by output. Can be called while a night goes on.

    Raises NocturneError when a file of the run is damaged, StoreBroken when one cannot be read.
    """
    # Parts first: a part that is folded in between the two reads is then in both, and never in neither.
    parts = _read_parts(store, part_names(store))
    rows = combine(_read_base(store), parts).sort_by("output")
    return rows.select(list(columns)) if columns else rows


def combine(base: pa.Table, parts: pa.Table) -> pa.Table:
    """One row an output. A part's row counts if its key is the planned one.

    Done beats failed, then a later attempt an earlier one, then a later time an earlier.
    """
    place = pc.index_in(parts["output"], base["output"])
    planned = pc.equal(base["key"].take(place), parts["key"])
    parts = parts.filter(pc.or_kleene(pc.is_null(place), pc.fill_null(planned, False)))
    best = _first_per_output(parts)
    kept = base.filter(pc.invert(pc.is_in(base["output"], best["output"])))
    return pa.concat_tables([kept, best])


def set_aside_damaged(store: Store) -> list[str]:
    """Give every part that cannot be read another suffix, so that the night can go on. Call it under the run's lock.

    Returns the names of those parts. Their pictures have no rows now, so they are made again. Raises StoreBroken if the
    disk does not give one: that is no damage of the part.
    """
    damaged = []
    for name in part_names(store):
        try:
            _read(store, name)
        except FileNotFoundError:
            continue
        except StoreBroken:
            raise
        except NocturneError:
            store.path(name).rename(store.path(f"{name}.damaged"))
            damaged.append(name)
    return damaged


def begin(store: Store, planned: pa.Table, hides: Callable[[str | None, str | None], bool] = lambda *_: False) -> None:
    """Start a night: `planned` becomes the manifest, and parts are folded in. What is done and no longer planned is kept
    while its picture is there; what is not done, while its asset or style may be there out of sight, as `hides` tells.
    A row whose name no picture can have is a failed one tonight.

    Call it under the run's lock, before any output is written: from here on no old row speaks of a file that the
    night will overwrite.
    """
    names = part_names(store)
    old = read(store)
    refused = fail_refused_rows(old.filter(refused_rows(old)))
    made = pc.is_in(old["status"], pa.array(["done", "rejected"]))
    gone = pc.invert(pc.is_in(old["output"], planned["output"]))
    past = old.filter(pc.and_(made, gone))
    named = zip(past["output"].to_pylist(), past["status"].to_pylist(), strict=True)
    past = past.filter(pa.array([_has_picture(store, output, status) for output, status in named], pa.bool_()))
    lost = old.filter(pc.and_(pc.invert(made), gone))
    inputs = zip(lost["asset"].to_pylist(), lost["style"].to_pylist(), strict=True)
    past = pa.concat_tables([past, lost.filter(pa.array([hides(*each) for each in inputs], pa.bool_()))])
    store.put(MANIFEST, parquet_bytes(pa.concat_tables([planned, past, refused]).sort_by("output")))
    for name in names:
        store.remove(name)


def merge(store: Store) -> pa.Table:
    """Fold the parts into manifest.parquet and manifest.csv. Call it under the run's lock. Returns the manifest."""
    names = part_names(store)
    rows = with_ranks(fail_refused_rows(read(store)))
    fold(store, rows, names)
    return rows


def query(rows: pa.Table, failed: bool = False, style: str | None = None, sort: str | None = None) -> pa.Table:
    """Rows of a manifest: failed ones alone, of one style alone, sorted (`score` best first). Raises SpecError."""
    if failed:
        rows = rows.filter(pc.equal(rows["status"], "failed"))
    if style is not None:
        rows = rows.filter(pc.equal(rows["style"], style))
    if sort is None:
        return rows
    if sort not in SCHEMA.names or sort in LISTS:
        raise SpecError(
            f"--sort {sort}: no such column", f"there are {', '.join(n for n in SCHEMA.names if n not in LISTS)}."
        )
    order = "descending" if pa.types.is_floating(SCHEMA.field(sort).type) else "ascending"
    return rows.sort_by([(sort, order), ("output", "ascending")])


def _has_picture(store: Store, output: str, status: str) -> bool:
    return any(store.exists(path) for path in picture_paths(output, status))


def _first_per_output(parts: pa.Table) -> pa.Table:
    if parts.num_rows == 0:
        return parts
    ranked = parts.append_column("_done", pc.cast(pc.equal(parts["status"], "done"), pa.int8()))
    ranked = ranked.sort_by(
        [("output", "ascending"), *((name, "descending") for name in ("_done", "attempt", "finished"))]
    )
    output = ranked["output"].combine_chunks()
    same = pc.equal(output[1:], output[:-1]) if len(output) > 1 else pa.array([], pa.bool_())
    first = pa.concat_arrays([pa.array([True]), pc.invert(same)])
    return ranked.filter(first).drop_columns(["_done"])


def _read_base(store: Store) -> pa.Table:
    try:
        return _read(store, MANIFEST)
    except FileNotFoundError:
        return SCHEMA.empty_table()


def _read_parts(store: Store, names: Sequence[str]) -> pa.Table:
    tables = []
    for name in names:
        try:
            tables.append(_read(store, name))
        except FileNotFoundError:  # folded into the manifest since it was listed
            continue
    return pa.concat_tables([SCHEMA.empty_table(), *tables])


def _read(store: Store, name: str) -> pa.Table:
    """The rows of a file. Raises FileNotFoundError, NocturneError for what is damaged, and StoreBroken, which is one, for
    what the disk does not give: nothing is wrong with that.
    """
    try:
        return read_rows(_bytes(store, name), SCHEMA)
    except (FileNotFoundError, MemoryError):  # it is folded in by now; the machine's fault, not the file's
        raise
    except (pa.ArrowException, KeyError, ValueError, OverflowError, OSError) as error:
        raise NocturneError(
            f"{store.path(name)} is not a part of a manifest ({truncated(printable(' '.join(str(error).split())))})",
            "move it away: its jobs are then made again.",
        ) from error


def _bytes(store: Store, name: str) -> bytes:
    try:
        return store.read(name)
    except (FileNotFoundError, NotRegular):
        raise
    except OSError as error:
        raise read_error(error, store.path(name)) from error


def text_array(values: Sequence[str]) -> pa.Array:
    """Strings as an Arrow array, for lookups."""
    return pa.array(list(values), pa.string())
