"""A bar for work that turns out to be long."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

PATIENCE = 2.0
"""Seconds before anything is shown."""

LINE_EVERY = 5.0
"""Seconds between two lines where there is no terminal to redraw."""


class Bar:
    """Shows how much of something is done: a bar on a terminal, else a line now and then. Use it as a context manager."""

    def __init__(self, console: Console, what: str) -> None:
        self.console, self.what = console, what
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._next = 0.0

    def __enter__(self) -> Bar:
        self._next = time.monotonic() + PATIENCE
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def tick(self, done: int, total: int) -> None:
        """Told by whoever does the work, as often as it likes, how far it is."""
        if self._progress is not None:
            self._progress.update(self._task, completed=done, total=total)
        elif time.monotonic() >= self._next and done < total:
            self._show(done, total)

    def _show(self, done: int, total: int) -> None:
        if not self.console.is_terminal:
            self.console.print(f"{done:,}/{total:,} {self.what}")
            self._next = time.monotonic() + LINE_EVERY
            return
        columns = (BarColumn(24), MofNCompleteColumn(), TextColumn(self.what), TimeRemainingColumn())
        self._progress = Progress(*columns, console=self.console, transient=True)
        self._task = self._progress.add_task("", total=total, completed=done)
        self._progress.start()
