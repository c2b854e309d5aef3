"""Row of the metrics log of a GAN's training, and its plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.gan.train.trainer import GanStepMetrics
from core.training import metrics_log
from core.training.metrics_log import Panel, means

PANELS = (
    Panel("Loss", {"discriminator": "d_loss", "generator": "g_loss"}),
    Panel("Share judged rightly by D", {"real": "real_right", "made": "fake_right"}),
    Panel("KID, lower is better", {"KID": "kid"}),
    Panel("Augmentation, and diversity of samples", {"augmentation": "augment", "diversity": "diversity"}),
)
ACROSS = "Real pictures seen"


@dataclass(frozen=True)
class GanMetricsRow(metrics_log.MetricsRow):
    """Means over the steps of the row, and KID if it was measured at its end."""

    d_loss: float
    g_loss: float
    real_right: float
    """Share of real pictures that D judged rightly."""
    fake_right: float
    """Share of made pictures that D judged rightly."""
    augment: float
    rate: float
    pictures_a_second: float
    kid: float | None = None
    kid_spread: float | None = None
    diversity: float | None = None
    """Mean distance between samples over that between real pictures, in features; near 0 G has collapsed."""

    @property
    def speed(self) -> float:
        """Pictures a second."""
        return self.pictures_a_second

    def summary(self) -> list[str]:
        """Losses and judgements."""
        return [
            f"loss D {self.d_loss:.2f} G {self.g_loss:.2f}",
            f"D right: real {self.real_right:.0%} made {self.fake_right:.0%}",
        ]


def metrics_row(steps: Sequence[GanStepMetrics], pictures_a_step: int, seconds: float) -> GanMetricsRow:
    """The row over these steps, which took so many seconds."""
    last = steps[-1]
    return GanMetricsRow(
        step=last.step,
        pictures=last.step * pictures_a_step,
        **means(steps, "d_loss", "g_loss", "real_right", "fake_right"),
        augment=last.augment,
        rate=last.rate,
        pictures_a_second=len(steps) * pictures_a_step / max(seconds, 1e-9),
    )
