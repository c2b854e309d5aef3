"""Progress bars that the work itself moves: of work that turns out to be long, and of the steps of pictures.

Without a terminal, as in a log file, a line is printed now and then.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from core.safe_text import printable
from flows.console import console, print_line

if TYPE_CHECKING:
    from torch import Tensor

    from core.stylize.optimise.optimise import OptimisationStep

PATIENCE = 2.0
"""Seconds of work before a bar is shown."""

LINE_EVERY = 5.0
"""Seconds between two lines where there is no terminal to redraw."""

SPEED_OVER = 60.0
"""Seconds over which the speed of steps is averaged: coarse steps are quick, and soon over."""


def progress_bar(screen: Console, *columns: ProgressColumn, **options: Any) -> Progress:
    """A bar before these columns, which vanishes when it is stopped."""
    return Progress(BarColumn(24), *columns, console=screen, transient=True, **options)


class Bar:
    """Progress of work that may turn out to be long: nothing is shown for the first seconds. A context manager."""

    def __init__(self, screen: Console, what: str) -> None:
        self.console, self.what = screen, what
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._next = 0.0

    def __enter__(self) -> Self:
        self._next = time.monotonic() + PATIENCE
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def tick(self, done: int, total: int) -> None:
        """Report that `done` of `total` are done; may be called as often as it likes."""
        if self._progress is not None:
            self._progress.update(self._task, completed=done, total=total)
        elif time.monotonic() >= self._next and done < total:
            self._show(done, total)

    def _show(self, done: int, total: int) -> None:
        if not self.console.is_terminal:
            self.console.print(f"{done:,}/{total:,} {self.what}")
            self._next = time.monotonic() + LINE_EVERY
            return
        self._progress = progress_bar(self.console, MofNCompleteColumn(), TextColumn(self.what), TimeRemainingColumn())
        self._task = self._progress.add_task("", total=total, completed=done)
        self._progress.start()


class BarSequence:
    """One bar after another for the steps of a longer work. A context manager; call it when a step begins."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.__exit__()

    def __call__(self, what: str) -> Callable[[int, int], None]:
        """Begin the next step. Returns its `tick(done, total)`."""
        self.__exit__()
        self._bar = Bar(self._screen, what)
        return self._bar.__enter__().tick


class StepDisplay:
    """Progress of pictures painted in this process, told after every step: step, loss, time left. A context manager."""

    def __init__(self, pictures: int = 1) -> None:
        self.console = console()
        self._pictures, self._done, self._name = pictures, 0, ""
        columns = (TextColumn("{task.description}"), TimeRemainingColumn(compact=True))
        self._progress = progress_bar(self.console, *columns, speed_estimate_period=SPEED_OVER)
        self._task = self._progress.add_task("starting", total=None)
        self._next = time.monotonic() + LINE_EVERY

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self._progress.stop()

    def begin(self, name: str) -> None:
        """Report that the next picture is begun; `name` tells it from the others."""
        self._name = name

    def end(self) -> None:
        """Report that the picture begun last is finished."""
        self._done += 1

    def step(self, step: OptimisationStep, picture: Tensor) -> None:
        """Report a step, after which the picture is this one (3, h, w)."""
        size = f"{picture.shape[2]} x {picture.shape[1]}"
        of_all = f"{self._done + 1}/{self._pictures} {printable(self._name)}" if self._pictures > 1 else ""
        text = f"{of_all}  step {step.step}/{step.steps}{loss_text(step.loss)}  {size}".strip()
        if self.console.is_terminal:
            done = self._done + step.step / step.steps
            self._progress.update(self._task, total=self._pictures, completed=done, description=Text(text).markup)
        elif time.monotonic() >= self._next:
            self.say(text)
            self._next = time.monotonic() + LINE_EVERY

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        print_line(self.console, text)


def loss_text(loss: float) -> str:
    """A loss for people, to be put behind other words: whole numbers from 100 on, else three digits that count; nothing
    of a picture painted in one pass, whose loss is not known.

    >>> loss_text(12345.6), loss_text(1.23456), loss_text(float("nan"))
    (', loss 12,346', ', loss 1.23', '')
    """
    if math.isnan(loss):
        return ""
    return f", loss {loss:,.0f}" if loss >= 100 else f", loss {loss:.3g}"
