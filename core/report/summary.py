"""The summary of a run: how much was made, what went wrong, how long it took, how good it is.

One definition for the gallery's header, `nocturne status` and the table at the end of a run.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.report.rows import Rows, columns, finite

SCORE_BINS = 40
"""Bars of the score histogram; each is 1 / SCORE_BINS wide."""

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True)
class JobCounts:
    """Counts of some jobs by status, the time they took and how good they are."""

    total: int = 0
    done: int = 0
    failed: int = 0
    pending: int = 0
    rejected: int = 0
    seconds: float = 0.0
    """Compute time of all tried jobs, seconds; longer than the clock's time when jobs ran side by side."""
    median_score: float | None = None
    """Median of the scores of the jobs that have one, 0 to 1; None when no job has."""


@dataclass(frozen=True)
class RunSummary(JobCounts):
    """The tally of a whole run, with its reasons, styles and scores."""

    reasons: dict[str, int] = field(default_factory=dict)
    """How many jobs failed or were rejected for each reason, the most frequent first."""
    styles: dict[str, JobCounts] = field(default_factory=dict)
    """One tally a style, or a checkpoint, by name."""
    assets: int = 0
    """How many different assets the jobs have."""
    histogram: tuple[int, ...] = (0,) * SCORE_BINS
    """How many scores lie in each of SCORE_BINS equal steps from 0 to 1."""
    checkpoints: int = 0
    """How many different checkpoints the jobs are drawn from."""

    @property
    def is_complete(self) -> bool:
        """Whether every job is made, be it kept apart."""
        return self.done + self.rejected == self.total


def summarise(rows: Rows) -> RunSummary:
    """Sum up manifest rows: an Arrow table, or dictionaries with the manifest's column names."""
    named = columns(rows, ("status", "reason", "style", "asset", "checkpoint", "seconds", "score"))
    jobs = list(zip(named["status"], named["seconds"], named["score"], strict=True))
    by_style: dict[str, list[tuple[Any, ...]]] = {}
    for style, checkpoint, job in zip(named["style"], named["checkpoint"], jobs, strict=True):
        by_style.setdefault(style or checkpoint or "", []).append(job)
    return RunSummary(
        **vars(_tally(jobs)),
        reasons=_reasons(named["status"], named["reason"]),
        styles={style: _tally(by_style[style]) for style in sorted(by_style)},
        assets=len({asset for asset, drawn in zip(named["asset"], named["checkpoint"], strict=True) if not drawn}),
        checkpoints=len(set(named["checkpoint"]) - {None}),
        histogram=_histogram(named["score"]),
    )


def duration(seconds: float) -> str:
    """A time in its two largest units.

    >>> duration(11_530), duration(75.4), duration(4.21)
    ('3 h 12 min', '1 min 15 s', '4.2 s')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    largest = next(place for place, (_, size) in enumerate(UNITS) if whole >= size)
    words = [
        f"{whole // size if place == largest else whole % UNITS[place - 1][1] // size} {unit}"
        for place, (unit, size) in enumerate(UNITS)
        if largest <= place <= largest + 1
    ]
    return " ".join(word for word in words if not word.startswith("0 "))


def _tally(jobs: Sequence[tuple[Any, ...]]) -> JobCounts:
    counts = Counter(status for status, _, _ in jobs)
    scores = [score for _, _, score in jobs if finite(score)]
    return JobCounts(
        total=len(jobs),
        done=counts["done"],
        failed=counts["failed"],
        pending=counts["pending"],
        rejected=counts["rejected"],
        seconds=sum(seconds for _, seconds, _ in jobs if finite(seconds)),
        median_score=statistics.median(scores) if scores else None,
    )


def _reasons(statuses: Iterable[str], reasons: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(
        reason or "internal"
        for status, reason in zip(statuses, reasons, strict=True)
        if status in ("failed", "rejected")
    )
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _histogram(scores: Iterable[float | None]) -> tuple[int, ...]:
    counts = Counter(
        min(SCORE_BINS - 1, max(0, int(score * SCORE_BINS))) for score in scores if score is not None and finite(score)
    )
    return tuple(counts[place] for place in range(SCORE_BINS))
