"""The figures of a style training: what a row of them has, and how they are plotted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from core.stylize.train.trainer import Figures
from core.training import metrics_log
from core.training.metrics_log import Panel

PANELS = (
    Panel("Loss of the pictures learnt from", {"loss": "loss", "content": "content", "style": "style"}),
    Panel(
        "Loss of held-out pictures",
        {"loss": "held_out", "content": "held_out_content", "style": "held_out_style"},
    ),
    Panel("Rate", {"rate": "rate"}),
    Panel("Pictures a second", {"pictures a second": "pictures_a_second"}),
)
ACROSS = "Pictures seen"


@dataclass(frozen=True)
class Row(metrics_log.Row):
    """Means over the steps of the row, and the held-out loss of the average if it was measured at its end."""

    loss: float
    content: float
    style: float
    rate: float
    pictures_a_second: float
    held_out: float | None = None
    held_out_content: float | None = None
    held_out_style: float | None = None

    @property
    def speed(self) -> float:
        """Pictures a second."""
        return self.pictures_a_second

    def said(self) -> list[str]:
        """The loss and its parts."""
        return [f"loss {self.loss:.1f} (content {self.content:.1f} style {self.style:.1f})"]


def row_of(stretch: Sequence[Figures], seen: int, seconds: float) -> Row:
    """The row of the steps of one stretch, which took so many seconds, after `seen` pictures."""
    last, pictures = stretch[-1], sum(figures.pictures for figures in stretch)
    return Row(
        step=last.step,
        pictures=seen + pictures,
        loss=statistics.fmean(figures.loss for figures in stretch),
        content=statistics.fmean(figures.content for figures in stretch),
        style=statistics.fmean(figures.style for figures in stretch),
        rate=last.rate,
        pictures_a_second=pictures / max(seconds, 1e-9),
    )
