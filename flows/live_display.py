"""Live displays of work that another thread does, a night or a training: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from typing import Self

from rich.console import Console
from rich.progress import MofNCompleteColumn, ProgressColumn, TextColumn
from rich.text import Text

from core.engine.worker_pool import NightProgress
from core.report.summary import duration
from core.safe_text import printable
from core.training.progress import TrainingProgress
from flows.console import print_line
from flows.progress import LINE_EVERY, progress_bar

REFRESH = 0.5
"""Seconds between two looks at the work."""


class LiveDisplay(ABC):
    """Progress of work that another thread does and keeps a record of, looked at from a thread of its own.

    Use it as a context manager. `notes` are printed above the bar, and taken out of the list.
    """

    first_line_after = 0.0
    line_every = LINE_EVERY

    def __init__(self, console: Console, notes: list[str]) -> None:
        self.console, self._notes = console, notes
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw if console.is_terminal else self._print, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._print_notes()

    @abstractmethod
    def count(self) -> tuple[int, int]:
        """How many are done, and of how many, 0 if that is not known yet."""

    @abstractmethod
    def doing(self) -> str:
        """What is being done now, in a few words."""

    @abstractmethod
    def line(self) -> str:
        """All of it in a line."""

    def left(self) -> str:
        """The time left, in words, where there is a column for it."""
        return ""

    def columns(self) -> list[ProgressColumn]:
        """What stands behind the bar."""
        return [MofNCompleteColumn(), TextColumn("{task.description}")]

    def _draw(self) -> None:
        with progress_bar(self.console, *self.columns(), refresh_per_second=1 / REFRESH) as progress:
            task = progress.add_task("", total=None, left="")
            while not self._over.wait(REFRESH):
                self._print_notes()
                done, total = self.count()
                text = Text(self.doing()).markup
                progress.update(task, total=total or None, completed=done, description=text, left=self.left())

    def _print(self) -> None:
        last, due = "", time.monotonic() + self.first_line_after
        while not self._over.wait(REFRESH):
            self._print_notes()
            text = self.line()
            if text != last and time.monotonic() >= due:
                print_line(self.console, text)
                last, due = text, time.monotonic() + self.line_every

    def _print_notes(self) -> None:
        while self._notes:
            print_line(self.console, self._notes.pop(0))


class NightDisplay(LiveDisplay):
    """Progress of a night: jobs ended, time left, the job in hand."""

    def __init__(self, console: Console, progress: NightProgress) -> None:
        super().__init__(console, progress.notes)
        self.progress = progress
        self._scan = ""

    def report_plan(self, what: str, done: int, total: int) -> None:
        """Report how far the plan is."""
        self._scan = f"{what} {done:,}/{total:,}" if total else f"{what} {done:,}"

    def count(self) -> tuple[int, int]:
        """Jobs that ended, and all of them."""
        return self.progress.ended, self.progress.total

    def doing(self) -> str:
        """The stage, or the job in hand and its step."""
        progress = self.progress
        if progress.stage in ("starting", "ready"):
            return self._scan or "starting"
        if progress.stage != "making":
            return progress.stage
        steps = f" step {progress.step}/{progress.steps}" if progress.steps else ""
        return f"{printable(progress.current)}{steps}"

    def left(self) -> str:
        """The time left, in words."""
        seconds = self.progress.seconds_left()
        return "" if seconds is None or self.progress.stage != "making" else f"{duration(seconds)} left"

    def line(self) -> str:
        """Count, stage or job, and time left."""
        return f"{self.progress.ended}/{self.progress.total} {self.doing()} {self.left()}".rstrip()

    def columns(self) -> list[ProgressColumn]:
        """The time left stands before the job."""
        return [MofNCompleteColumn(), TextColumn("{task.fields[left]}"), TextColumn("{task.description}")]


class TrainingDisplay(LiveDisplay):
    """Progress of a training: steps, losses, score, speed and time left."""

    first_line_after = line_every = 10.0

    def __init__(self, console: Console, progress: TrainingProgress) -> None:
        super().__init__(console, progress.notes)
        self.progress = progress

    def count(self) -> tuple[int, int]:
        """Steps done, and all of them."""
        return self.progress.step, self.progress.steps

    def doing(self) -> str:
        """The stage, or losses and the like, the score, speed and the time left."""
        progress, row = self.progress, self.progress.row
        if row is None or progress.stage != "training":
            return progress.stage
        parts = [
            *row.summary(),
            "" if progress.score is None else f"{progress.score_words} {progress.score:.4f}",
            f"{row.speed:,.{0 if row.speed >= 10 else 1}f} pictures/s",
            "" if progress.seconds_left is None else f"{duration(progress.seconds_left)} left",
        ]
        return "  ".join(filter(None, parts))

    def line(self) -> str:
        """Steps and figures."""
        return f"{self.progress.step:,}/{self.progress.steps:,} {self.doing()}"
