"""Technical part of a score: faults that a picture has and neither its asset nor its style had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.scoring.image_quality import QualityMeasures

SIDE = 256
"""Pixels a side, in the middle, that a score looks at: a quarter of what an appraisal does, in an eighth of its time."""

SOFTER = 0.85
"""Share of the softest original's sharpness that a picture may have without loss."""

FAULTS = {
    "noise": (4.0, 20.0),
    "blocking": (0.5, 1.0),
    "clipping": (0.05, 0.3),
    "banding": (0.02, 0.1),
    "checkerboard": (0.1, 0.2),
}
"""For each measure how much more than the worst original a picture may have, and how much more halves its quality."""


@dataclass(frozen=True)
class TechnicalScore:
    """A picture's faults as one number, 0 to 1 (1: none that its originals had not), and the measure that took the most."""

    score: float = 1.0
    flaw: str | None = None


def technical_score(made: QualityMeasures, originals: Sequence[QualityMeasures]) -> TechnicalScore:
    """The quality of what was made, next to what it was made of: the asset and the artworks of its style.

    Each fault has a factor 1 / (1 + what is too much / what halves it), and sharpness its share of what the softest
    original has; the quality is their product. What cannot be measured is no fault.
    """
    factors = {name: _factor(name, made, originals) for name in FAULTS}
    least = min((each.sharpness for each in originals if each.sharpness is not None), default=0.0) * SOFTER
    if made.sharpness is not None and least > 0:
        factors["sharpness"] = min(1.0, made.sharpness / least)
    score = 1.0
    for factor in factors.values():
        score *= factor
    worst = min(factors, key=lambda name: factors[name])
    return TechnicalScore(score, worst if factors[worst] < 0.99 else None)


def _factor(name: str, made: QualityMeasures, originals: Sequence[QualityMeasures]) -> float:
    room, halves = FAULTS[name]
    had = max((getattr(each, name) or 0.0 for each in originals), default=0.0)
    much = (getattr(made, name) or 0.0) - had - room
    return 1 / (1 + max(0.0, much) / halves)
