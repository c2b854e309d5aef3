"""Progress of a training for whoever displays it, and the result of a stretch of steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.training.metrics_log import MetricsRow


@dataclass
class TrainingProgress:
    """Stage, steps, latest metrics and score of a training; written by the loop, read by displays of other threads."""

    stage: str = "reading pictures"
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    row: MetricsRow | None = None
    score_words: str = "score"
    """What the score is called before people."""
    score: float | None = None
    """As it was last measured; lower is better."""
    best: float | None = None
    notes: list[str] = field(default_factory=list)
    """What the user should be told at once."""


@dataclass(frozen=True)
class StretchResult:
    """Where a training stands after a stretch of steps."""

    step: int
    steps: int
    row: MetricsRow | None
    stopped: bool
    best: float | None

    @property
    def finished(self) -> bool:
        """Whether the training is at its end."""
        return self.step >= self.steps
