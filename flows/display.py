"""What a person sees while a night goes on, and at its end."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from core.engine.worker_pool import NightProgress
from core.planning.planner import PlanSummary
from core.report.summary import RunSummary, duration
from core.text import printable

REFRESH = 0.5
APART = frozenset({"low_score", "near_duplicate"})
"""Reasons of pictures that were made and rejected."""

LINE_EVERY = 5.0
"""Seconds between two lines where there is no terminal to redraw."""


class Display:
    """Shows a board: a bar on a terminal, else a line now and then. Use it as a context manager."""

    def __init__(self, console: Console, board: NightProgress) -> None:
        self.console, self.progress = console, board
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._bar if console.is_terminal else self._lines, daemon=True)
        self._scan = ""

    def __enter__(self) -> Display:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._tell_notes()

    def scanned(self, what: str, done: int, total: int) -> None:
        """Told by the planner how far it is."""
        self._scan = f"{what} {done:,}/{total:,}" if total else f"{what} {done:,}"

    def doing(self) -> str:
        """What is being done now, in a few words."""
        board = self.progress
        if board.stage in ("starting", "ready"):
            return self._scan or "starting"
        if board.stage != "making":
            return board.stage
        steps = f" step {board.step}/{board.steps}" if board.steps else ""
        return f"{printable(board.current)}{steps}"

    def left(self) -> str:
        """The time left, in words."""
        seconds = self.progress.seconds_left()
        return "" if seconds is None or self.progress.stage != "making" else f"{duration(seconds)} left"

    def _tell_notes(self) -> None:
        while self.progress.notes:
            text = printable(self.progress.notes.pop(0))
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _bar(self) -> None:
        columns = (
            BarColumn(24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=self.console, refresh_per_second=1 / REFRESH, transient=True) as progress:
            task = progress.add_task("", total=None, left="")
            while not self._over.wait(REFRESH):
                self._tell_notes()
                total = self.progress.total or None
                text = Text(self.doing()).markup
                progress.update(task, total=total, completed=self.progress.ended, description=text, left=self.left())

    def _lines(self) -> None:
        said, at = "", 0.0
        while not self._over.wait(REFRESH):
            self._tell_notes()
            now = time.monotonic()
            text = f"{self.progress.ended}/{self.progress.total} {self.doing()} {self.left()}".rstrip()
            if text != said and now - at >= LINE_EVERY:
                self.console.print(text, markup=False, highlight=False, soft_wrap=True)
                said, at = text, now


def plan_table(summary: PlanSummary, free: int, calibrated: bool = True) -> Table:
    """The plan in a few lines; `free` is the disk's free room in bytes."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = [
        ("seeds", f"{summary.seeds:,}")
        if summary.seeds
        else ("assets x styles", f"{summary.assets:,} x {summary.styles:,}"),
        ("jobs", f"{summary.total:,}"),
        ("done before", f"{summary.done:,}"),
        ("failed before", f"{summary.kept:,}"),
        ("cannot be made", f"{summary.failed:,}"),
        ("left for another night", f"{summary.waiting:,}"),
        ("taken over from equal jobs", f"{summary.copy + summary.adopt:,}"),
        ("to make", f"{summary.todo:,} in {summary.shards:,} shards"),
        (
            "predicted time",
            duration(summary.seconds) + ("" if calibrated else " (a guess: nothing was made here yet)"),
        ),
        ("predicted disk", f"{summary.bytes / 1e6:,.1f} MB of {free / 1e6:,.0f} MB free"),
        (
            "passed over",
            f"{summary.hidden:,} hidden, {summary.others:,} not pictures, {summary.linked_folders:,} linked folders",
        ),
    ]
    always = {"assets x styles", "seeds", "jobs", "done before", "to make", "predicted time", "predicted disk"}
    for name, value in rows:
        if name in always or any(digit in "123456789" for digit in value):
            table.add_row(name, value)
    return table


def end_table(summary: RunSummary, made: int, elapsed: float | None) -> Table:
    """The end of a night, or the state of a run: made, failed and why, time."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    if elapsed is not None:
        table.add_row("made tonight", f"{made:,} in {duration(elapsed)}")
    table.add_row("done", f"{summary.done:,} of {summary.total:,}")
    for reason, count in summary.reasons.items():
        table.add_row("kept apart" if reason in APART else "[red]failed", f"{count:,} {reason}")
    if summary.pending:
        table.add_row("pending", f"{summary.pending:,}")
    if summary.median_score is not None:
        table.add_row("median score", f"{summary.median_score:.2f}")
    return table


def faults_table(rows: list[dict[str, Any]], most: int = 10) -> Table:
    """Failed jobs with their reasons and what to do; those with one message share a line."""
    together: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        together.setdefault((row["reason"] or "", row["message"] or ""), []).append(row["output"])
    table = Table(box=None, padding=(0, 2, 0, 0))
    for header in ("output", "reason", "message"):
        table.add_column(header, overflow="fold")  # a path is worth nothing with its end cut off
    for (reason, message), outputs in list(together.items())[:most]:
        more = f" and {len(outputs) - 1:,} more" if len(outputs) > 1 else ""
        table.add_row(*(Text(printable(cell)) for cell in (outputs[0] + more, reason, message)))
    if len(together) > most:
        table.add_row(f"... and {len(together) - most:,} more; `nocturne manifest DIR --failed`", "", "")
    return table


def console(as_json: bool = False) -> Console:
    """Where people read: the terminal; standard error while standard output carries JSON."""
    return Console(stderr=as_json, highlight=False, soft_wrap=not sys.stdout.isatty())
