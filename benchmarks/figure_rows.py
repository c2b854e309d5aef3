"""A benchmark's figures as rows of one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.gan.metrics.resampling import Estimate

HEAD = "| what | measured | target | |\n|---|---|---|---|"


@dataclass(frozen=True)
class Row:
    """One figure: what it is, what was measured, what it should be, and whether it is."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None
    """None where nothing was measured, or where there is no target."""

    def line(self) -> str:
        """The row as a line of a Markdown table."""
        word = {True: "met", False: "missed", None: ""}[self.met]
        return f"| {self.what} | {self.measured} | {self.target} | {word} |"


def missing(what: str, remedy: str) -> Row:
    """A row that could not be measured, and how it could be."""
    return Row(what, f"not measured: {remedy}")


def spread(found: Estimate, digits: int = 4) -> str:
    """A figure with its standard error."""
    return f"{found.value:.{digits}f} ± {found.spread:.{digits}f}"


def show(rows: Iterable[Row]) -> bool:
    """Print rows as they come. Returns whether none was missed."""
    fine = True
    for row in rows:
        print(row.line(), flush=True)
        fine = fine and row.met is not False
    return fine
