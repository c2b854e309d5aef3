"""Picks: what a person kept, rejected or liked best in the gallery, as the CSV that it exports."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from core.errors import SpecError
from core.safe_text import printable, truncated
from core.storage.text_file import read_csv

CHOICES = ("keep", "reject", "favourite")
MOST = 1_000_000
"""Picks in a file."""
MOST_BYTES = 128 << 20
"""Bytes of one: a million picks of 130 bytes."""


@dataclass(frozen=True)
class Pick:
    """One choice: of an output of a run, whose folder the gallery knows where it was opened from disk."""

    output: str
    choice: str
    run: str = ""


def read_picks(path: Path) -> list[Pick]:
    """The picks in a CSV with the columns output, pick and, if it is known, run. Raises SpecError naming file and line."""
    table = read_csv(path, MOST_BYTES, "picks", "give the CSV that a gallery exported.")
    if not {"output", "pick"} <= set(table.columns):
        raise SpecError(f"picks {path} has no columns output,pick", "export it from a gallery.")
    return [_pick(row, f"{table.name}, line {line}") for line, row in itertools.islice(table.rows(), MOST)]


def with_picks(rows: pa.Table, picks: list[Pick]) -> pa.Table:
    """Manifest rows with a column `pick`: null where nothing was picked."""
    chosen = {pick.output: pick.choice for pick in picks}
    return rows.append_column(
        "pick", pa.array([chosen.get(output) for output in rows["output"].to_pylist()], pa.string())
    )


def _pick(row: Mapping[str, str], where: str) -> Pick:
    output, choice = row["output"] or "", (row["pick"] or "").strip().lower()
    if choice not in CHOICES:
        raise SpecError(f"{where}: pick {truncated(printable(choice))!r} is none of {', '.join(CHOICES)}.")
    return Pick(output, choice, row.get("run") or "")
