"""The figures of a training: a row every so many steps, as CSV for people and scripts, and as a plot."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields

from core.gan.trainer import Figures


@dataclass(frozen=True)
class Row:
    """A stretch of steps, ended by `step`: means over the stretch, and KID if it was measured at its end."""

    step: int
    pictures: int
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


def csv_bytes(rows: Iterable[Row]) -> bytes:
    """The rows as CSV; what was not measured is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _shown(value) for name, value in asdict(row).items()} for row in rows)
    return text.getvalue().encode()


def read_rows(data: bytes, up_to: int) -> list[Row]:
    """The rows of a CSV file up to a step: what was written after the checkpoint that is gone on from is made anew.

    A line that cannot be understood is left out.
    """
    found = []
    for line in csv.DictReader(io.StringIO(data.decode(errors="replace"))):
        try:
            row = Row(**{field.name: _value(field.name, line[field.name]) for field in fields(Row)})  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError):
            continue
        if row.step <= up_to:
            found.append(row)
    return found


def plot(rows: Sequence[Row]) -> bytes:
    """Losses, D's judgements, KID and augmentation over the pictures seen, as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), dpi=100, layout="constrained")
    axes = figure.subplots(2, 2, sharex=True)
    seen = [row.pictures for row in rows]
    panels = (
        (axes[0][0], "Loss", {"discriminator": "d_loss", "generator": "g_loss"}),
        (axes[0][1], "Share judged rightly by D", {"real": "real_right", "made": "fake_right"}),
        (axes[1][0], "KID, lower is better", {"KID": "kid"}),
        (axes[1][1], "Augmentation, and diversity of samples", {"augmentation": "augment", "diversity": "diversity"}),
    )
    for axis, title, lines in panels:
        axis.set_title(title, fontsize=10)
        for label, name in lines.items():
            points = [(x, getattr(row, name)) for x, row in zip(seen, rows, strict=True)]
            known = [(x, y) for x, y in points if y is not None and math.isfinite(y)]
            axis.plot(
                [x for x, _ in known], [y for _, y in known], label=label, marker="." if len(known) < 60 else None
            )
        axis.grid(alpha=0.3)
        if len(lines) > 1:
            axis.legend(fontsize=8)
    for axis in axes[1]:
        axis.set_xlabel("Real pictures seen")
    sink = io.BytesIO()
    FigureCanvasAgg(figure).print_png(sink)  # type: ignore[no-untyped-call]
    return sink.getvalue()


def _shown(value: float | int | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def _value(name: str, text: str) -> float | int | None:
    if text == "":
        return None
    return int(text) if name in ("step", "pictures") else float(text)
