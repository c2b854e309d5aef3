"""What a person sees while pictures are painted before their eyes: steps, loss and time left."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from core.text import printable

if TYPE_CHECKING:
    from torch import Tensor

    from core.stylize.optimise.optimise import Step

LINE_EVERY = 5.0
"""Seconds between two lines where there is no terminal to redraw."""

SPEED_OVER = 60.0
"""Seconds of which the time left is reckoned: coarse steps are quick, and soon over."""


class Watching:
    """Shows how far the painting of one or more pictures is: a bar on a terminal, else a line now and then.

    Use it as a context manager.
    """

    def __init__(self, pictures: int = 1) -> None:
        self.console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self._pictures, self._done, self._name = pictures, 0, ""
        columns = (BarColumn(24), TextColumn("{task.description}"), TimeRemainingColumn(compact=True))
        self._progress = Progress(*columns, console=self.console, transient=True, speed_estimate_period=SPEED_OVER)
        self._task = self._progress.add_task("starting", total=None)
        self._said_at = time.monotonic()

    def __enter__(self) -> Watching:
        if self.console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self._progress.stop()

    def begin(self, name: str) -> None:
        """The next picture is begun; `name` tells it from the others."""
        self._name = name

    def end(self) -> None:
        """The picture begun last is finished."""
        self._done += 1

    def step(self, step: Step, picture: Tensor) -> None:
        """A step is done, and has this picture (3, h, w)."""
        size = f"{picture.shape[2]} x {picture.shape[1]}"
        of_all = f"{self._done + 1}/{self._pictures} {printable(self._name)}" if self._pictures > 1 else ""
        text = f"{of_all}  step {step.step}/{step.steps}{loss_text(step.loss)}  {size}".strip()
        if self.console.is_terminal:
            done = self._done + step.step / step.steps
            self._progress.update(self._task, total=self._pictures, completed=done, description=Text(text).markup)
        elif time.monotonic() - self._said_at >= LINE_EVERY:
            self.say(text)
            self._said_at = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self.console.print(printable(text), markup=False, soft_wrap=True)


def loss_text(loss: float) -> str:
    """A loss for people, to be put behind other words: whole numbers from 100 on, else three digits that count; nothing
    of a picture painted in one pass, whose loss is not known.

    >>> loss_text(12345.6), loss_text(1.23456), loss_text(float("nan"))
    (', loss 12,346', ', loss 1.23', '')
    """
    if math.isnan(loss):
        return ""
    return f", loss {loss:,.0f}" if loss >= 100 else f", loss {loss:.3g}"
