"""Budgets of the benchmark of a GPU, the lines that it prints, and its JSON."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gpu_sections import KEY_TIME, NIGHTS

Row = dict[str, Any]
WIDTH = 46
"""Of the column that says what a row is of."""


@dataclass(frozen=True)
class Budget:
    """A figure of a row that has to be at least, or at most, so much; `cores`: on a machine with at least as many."""

    what: str
    figure: str
    least: float | None = None
    most: float | None = None
    cores: int = 1

    def missed(self, row: Row) -> str:
        """Why a row misses it; empty if it does not."""
        value = row.get(self.figure)
        if value is None:
            return f"{self.what}: {self.figure} was not measured"
        if self.least is not None and value < self.least:
            return f"{self.what}: {self.figure} is {shown(value)}, and should be at least {self.least:g}"
        if self.most is not None and value > self.most:
            return f"{self.what}: {self.figure} is {shown(value)}, and should be at most {self.most:g}"
        return ""


BUDGETS = (
    Budget(KEY_TIME, "busy", least=0.8),
    Budget(KEY_TIME, "launches_a_step", most=650),
    Budget(KEY_TIME, "waits_a_step", most=0.25),
    Budget(NIGHTS["good"], "pictures_s", least=12),
    Budget(NIGHTS["fast"], "pictures_s", least=300, cores=16),
)


def faults(rows: Sequence[Row]) -> list[str]:
    """A sentence for each row that failed."""
    found = [f"{row['what']}: {row['fault']}" for row in rows if "fault" in row]
    return found + [f"{row['what']}: the check failed" for row in rows if row.get("fine") is False]


def missed(rows: Sequence[Row], budgets: Sequence[Budget] = BUDGETS) -> list[str]:
    """A sentence for each budget that is missed, or whose row is not there; those for more cores are left out."""
    by_name = {row["what"]: row for row in rows}
    cores = next((row["cores"] for row in rows if "cores" in row), 1)
    found = [budget.missed(by_name.get(budget.what, {})) for budget in budgets if cores >= budget.cores]
    return [sentence for sentence in found if sentence]


def line(row: Row, seconds: float) -> str:
    """A row as it is printed, `seconds` after the beginning."""
    figures = [f"{name} {shown(value)}" for name, value in row.items() if name != "what"]
    return f"{seconds:6.1f} s  {row['what']:{WIDTH}}  {', '.join(figures)}"


def shown(value: Any) -> str:
    """A figure with four digits; others as they are.

    >>> shown(0.123456), shown(True), shown(1234.5678), shown("x")
    ('0.1235', 'yes', '1235', 'x')
    """
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def put(path: Path, device: str, rows: Sequence[Row], problems: Sequence[str]) -> None:
    """Write everything as one JSON object."""
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "device": device,
        "rows": list(rows),
        "problems": list(problems),
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
