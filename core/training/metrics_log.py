"""Metrics log of a training: one row every so many steps, written as CSV and as a plot."""

from __future__ import annotations

import csv
import io
import math
import statistics
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar


@dataclass(frozen=True)
class MetricsRow:
    """Metrics over the steps up to `step`. A kind of training adds its columns; what it did not measure is None."""

    step: int
    pictures: int

    @property
    @abstractmethod
    def speed(self) -> float:
        """Pictures a second."""

    @abstractmethod
    def summary(self) -> list[str]:
        """Losses and the like in a few words each, for a line on a terminal."""


R = TypeVar("R", bound=MetricsRow)

WHOLE = ("step", "pictures")
"""Columns of whole numbers."""


@dataclass(frozen=True)
class Panel:
    """One diagram of the plot: its title, and the columns that it shows by what they are called in it."""

    title: str
    lines: Mapping[str, str]


def means(steps: Sequence[Any], *names: str) -> dict[str, float]:
    """Means over the metrics of steps, by attribute."""
    return {name: statistics.fmean(getattr(step, name) for step in steps) for name in names}


def csv_bytes(rows: Iterable[R], kind: type[R]) -> bytes:
    """The rows as CSV; what was not measured is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _text(value) for name, value in asdict(row).items()} for row in rows)
    return text.getvalue().encode()


def read_rows(data: bytes, up_to: int, kind: type[R]) -> list[R]:
    """The rows of a CSV file up to a step: what was written after the checkpoint that is gone on from is made anew.

    A line that cannot be understood is left out.
    """
    found = []
    for line in csv.DictReader(io.StringIO(data.decode(errors="replace"))):
        try:
            row = kind(**{field.name: _value(field.name, line[field.name]) for field in fields(kind)})  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError):
            continue
        if row.step <= up_to:
            found.append(row)
    return found


def plot(rows: Sequence[MetricsRow], panels: Sequence[Panel], across: str) -> bytes:
    """Columns over the pictures seen, as PNG, two diagrams a line. across: what is written below them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), dpi=100, layout="constrained")
    axes = figure.subplots(math.ceil(len(panels) / 2), 2, sharex=True, squeeze=False)
    for axis, panel in zip(axes.flat, panels, strict=True):
        axis.set_title(panel.title, fontsize=10)
        for label, name in panel.lines.items():
            points = [(row.pictures, getattr(row, name)) for row in rows]
            known = [(x, y) for x, y in points if y is not None and math.isfinite(y)]
            axis.plot(
                [x for x, _ in known], [y for _, y in known], label=label, marker="." if len(known) < 60 else None
            )
        axis.grid(alpha=0.3)
        if len(panel.lines) > 1:
            axis.legend(fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel(across)
    sink = io.BytesIO()
    FigureCanvasAgg(figure).print_png(sink)  # type: ignore[no-untyped-call]
    return sink.getvalue()


def _text(value: float | int | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def _value(name: str, text: str) -> float | int | None:
    if text == "":
        return None
    return int(text) if name in WHOLE else float(text)
