"""Row of the metrics log of a style training, and its plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.stylize.train.trainer import TransferStepMetrics
from core.training import metrics_log
from core.training.metrics_log import Panel, means

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
class TransferMetricsRow(metrics_log.MetricsRow):
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

    def summary(self) -> list[str]:
        """The loss and its parts."""
        return [f"loss {self.loss:.1f} (content {self.content:.1f} style {self.style:.1f})"]


def metrics_row(steps: Sequence[TransferStepMetrics], before: int, seconds: float) -> TransferMetricsRow:
    """The row over these steps, which took so many seconds and came after `before` pictures."""
    last, pictures = steps[-1], sum(step.pictures for step in steps)
    return TransferMetricsRow(
        step=last.step,
        pictures=before + pictures,
        **means(steps, "loss", "content", "style"),
        rate=last.rate,
        pictures_a_second=pictures / max(seconds, 1e-9),
    )
