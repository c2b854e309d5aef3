"""How a training goes, for whoever shows it, and what a stretch of it came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.training.metrics_log import Row


@dataclass
class Board:
    """How a training goes, for whoever shows it."""

    stage: str = "reading pictures"
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    row: Row | None = None
    score_words: str = "score"
    """What the score is called before people."""
    score: float | None = None
    """As it was last measured; lower is better."""
    best: float | None = None
    notes: list[str] = field(default_factory=list)
    """What a person should be told at once."""


@dataclass(frozen=True)
class Stretch:
    """What a stretch came to."""

    step: int
    steps: int
    row: Row | None
    stopped: bool
    best: float | None

    @property
    def over(self) -> bool:
        """Whether the training is at its end."""
        return self.step >= self.steps
