"""What is wrong with the rows that nights over hostile files left: the record of it, and who says so."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.errors import TRANSIENT, NocturneError
from core.images import image
from core.images.open_image import quoted
from core.manifest.schema import TIMES
from core.planning.library import scan
from core.storage.run_paths import LOG
from tests.faults.mutations import Mutant
from tests.faults.outcomes import ALLOWED

PATIENCE = 10.0
"""Seconds that reading one file may take."""


@dataclass
class Record:
    """What came of the files. The lists name what is wrong, and all of them should be empty."""

    inputs: int
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    planning: float = 0.0
    megabytes: float = 0.0
    nights: float = 0.0
    crashes: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    outside_the_table: list[str] = field(default_factory=list)
    rows_missing_or_twice: list[str] = field(default_factory=list)
    odd_messages: list[str] = field(default_factory=list)
    unsafe_texts: list[str] = field(default_factory=list)
    files_elsewhere: list[str] = field(default_factory=list)
    made_again: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, list[str]]:
        """The lists by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, list)}

    def table(self) -> str:
        """The figures, one a line, and the first of what is wrong."""
        figures = {"inputs": self.inputs, **dict(self.outcomes.most_common())}
        figures |= {name.replace("_", " "): len(found) for name, found in self.faults.items()}
        lines = [f"{name:<24}{figure:>8,}" for name, figure in figures.items()]
        lines += [f"{'slowest job':<24}{self.slowest:>8.2f} s", f"{'planning':<24}{self.planning:>8.2f} s"]
        lines += [f"{'both nights':<24}{self.nights:>8.1f} s", f"{'peak memory':<24}{self.megabytes:>8,.0f} MB"]
        lines += [f"  {name}: {one!r:.400}" for name, found in self.faults.items() for one in found[:20]]
        return "\n".join(lines)


def judge_rows(record: Record, rows: list[dict[str, Any]], assets: list[Mutant], library: Path) -> None:
    """One row an asset, with an outcome that its mutation may have and words that help; and no worker died of any."""
    called = {asset.file: asset.name for asset in scan(library).assets}  # names that portable text makes one are marked
    names = [called.get(os.fsdecode(mutant.file), mutant.name) for mutant in assets]
    wanted = Counter(names)
    found = Counter(row["asset"] for row in rows)
    record.rows_missing_or_twice += [f"{name}: {found[name]}" for name in wanted | found if found[name] != wanted[name]]
    by_name = dict(zip(names, assets, strict=True))
    for row in rows:
        mutant = by_name.get(row["asset"])
        outcome = row["reason"] or row["status"]
        record.outcomes[outcome] += 1
        if mutant is None:
            continue
        if outcome not in ALLOWED[mutant.mutation]:
            record.outside_the_table.append(f"{mutant.mutation}, {row['asset'][-60:]}: {outcome}, {row['message']}")
        if row["status"] != "done" and not _explains(row["message"], row["asset"], library / os.fsdecode(mutant.file)):
            record.odd_messages.append(f"{row['asset'][-60:]}: {row['message']}")
        record.slowest = max(record.slowest, row["seconds"] or 0.0)
        if (row["seconds"] or 0.0) > PATIENCE:
            record.hangs.append(f"{mutant.mutation}: {row['seconds']:.0f} s")
    log = library.parent / "run" / LOG
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    record.crashes += [line["text"] for line in lines if line["event"] == "note"]


def _explains(message: str | None, name: str, path: Path) -> bool:
    """Whether a message is one printable sentence that names the file and a remedy."""
    if not message or not message.isprintable() or not message.endswith(".") or ";" not in message:
        return False
    return name in message or quoted(path) in message


def slow_headers(paths: Sequence[Path]) -> list[str]:
    """The files whose headers alone take longer than PATIENCE of CPU time."""
    slow = []
    for path in paths:
        begun = time.process_time()
        with contextlib.suppress(NocturneError):
            image.probe(path, 2**62)
        if time.process_time() - begun > PATIENCE:
            slow.append(f"the header of {path}")
    return slow


def judge_second(record: Record, first: pa.Table, second: pa.Table, made: Counter[str]) -> None:
    """Nothing is made again, but what failed for a reason that may have passed is tried again."""
    tried_again = {row["output"] for row in first.to_pylist() if row["reason"] in TRANSIENT}
    record.made_again += sorted(set(made) - tried_again)
    one, other = (
        {row["output"]: row for row in table.drop_columns(list(TIMES)).to_pylist()} for table in (first, second)
    )
    changed = {output for output in one.keys() | other.keys() if one.get(output) != other.get(output)}
    record.made_again += sorted(f"another row: {output}" for output in changed - tried_again)
