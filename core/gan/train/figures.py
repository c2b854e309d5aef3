"""The figures of a GAN's training: what a row of them has, and how they are plotted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from core.gan.train.trainer import Figures
from core.training import metrics_log
from core.training.metrics_log import Panel

PANELS = (
    Panel("Loss", {"discriminator": "d_loss", "generator": "g_loss"}),
    Panel("Share judged rightly by D", {"real": "real_right", "made": "fake_right"}),
    Panel("KID, lower is better", {"KID": "kid"}),
    Panel("Augmentation, and diversity of samples", {"augmentation": "augment", "diversity": "diversity"}),
)
ACROSS = "Real pictures seen"


@dataclass(frozen=True)
class Row(metrics_log.Row):
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

    def said(self) -> list[str]:
        """Losses and judgements."""
        return [
            f"loss D {self.d_loss:.2f} G {self.g_loss:.2f}",
            f"D right: real {self.real_right:.0%} made {self.fake_right:.0%}",
        ]


def row_of(stretch: Sequence[Figures], pictures_a_step: int, seconds: float) -> Row:
    """The row of the steps of one stretch, which took so many seconds."""
    last = stretch[-1]
    return Row(
        step=last.step,
        pictures=last.step * pictures_a_step,
        d_loss=statistics.fmean(figures.d_loss for figures in stretch),
        g_loss=statistics.fmean(figures.g_loss for figures in stretch),
        real_right=statistics.fmean(figures.real_right for figures in stretch),
        fake_right=statistics.fmean(figures.fake_right for figures in stretch),
        augment=last.augment,
        rate=last.rate,
        pictures_a_second=len(stretch) * pictures_a_step / max(seconds, 1e-9),
    )
