"""The console of the command line: lines and plain tables in which nothing that a file says can speak to the terminal.

A text is shown as it stands: markup is off, so that brackets are brackets, and whatever is printed loses the characters
that steer a terminal on its way out, wherever it comes from. Styles are given by `rich.text.Text`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from core.safe_text import printable

NARROWEST, USUAL = 20, 80
"""Letters in a line under which a console is not believed, and what is taken then."""


class PlainConsole(Console):
    """A console that takes texts for what they are, and passes on no character that steers a terminal but its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)
        if self.width < NARROWEST:  # 0 where an editor or a service says nothing of its width: nothing would be printed
            self.width = USUAL

    def render_str(self, text: str, **options: Any) -> Text:
        """A text as it is shown, so that it is measured right."""
        return super().render_str(_lines(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of what is printed; those that steer the terminal are the console's own."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable() or segment.text == "\n":
                yield segment
            else:
                yield Segment(_lines(segment.text), segment.style)


def console(as_json: bool = False) -> Console:
    """Where people read: the terminal; standard error while standard output carries JSON."""
    return PlainConsole(stderr=as_json, soft_wrap=not sys.stdout.isatty())


def print_line(out: Console, text: str) -> None:
    """Print a line as it stands, wrapped by the terminal alone."""
    out.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def plain_table(*headers: str) -> Table:
    """An empty table without rules, and without a header if none is given."""
    return Table(*headers, show_header=bool(headers), box=None, padding=(0, 2, 0, 0))


def _lines(text: str) -> str:
    """A text of lines, each of them printable."""
    return "\n".join(printable(line) for line in text.split("\n"))
