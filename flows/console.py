"""The console of the command line: lines and plain tables in which a file's name cannot speak to the terminal."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from core.safe_text import printable


def console(as_json: bool = False) -> Console:
    """Where people read: the terminal; standard error while standard output carries JSON."""
    return Console(stderr=as_json, highlight=False, soft_wrap=not sys.stdout.isatty())


def print_line(out: Console, text: str) -> None:
    """Print a line as it stands, wrapped by the terminal alone."""
    out.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def plain_table(*headers: str) -> Table:
    """An empty table without rules, and without a header if none is given."""
    return Table(*headers, show_header=bool(headers), box=None, padding=(0, 2, 0, 0))
