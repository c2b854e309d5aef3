"""Overall score: weighted product of its four parts.

Plain numbers alone, so that a plan or a manifest can be judged without a network: see `docs/score.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

ENOUGH = 0.125
"""Content kept at which the score's content factor is half; below it a picture is hardly recognised."""

PARTS = ("content", "style", "quality", "coherence")
"""What a score is made of; the manifest's columns are called `score_<part>`."""


class ScoreWeights(BaseModel):
    """How much each part counts: the power to which it is raised; 0 leaves it out, 2 counts it twice."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    content: float = Field(
        default=1.0, ge=0, le=10, title="Content", description="Weight of what is kept of the asset."
    )
    style: float = Field(default=1.0, ge=0, le=10, title="Style", description="Weight of how far the style is reached.")
    quality: float = Field(default=1.0, ge=0, le=10, title="Quality", description="Weight of technical faults.")
    coherence: float = Field(
        default=0.5, ge=0, le=10, title="Coherence", description="Weight of how evenly the style is reached."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_flags(cls, values: Any) -> Any:
        """`style=2` and the like, as flags have them."""
        if not isinstance(values, list):
            return values
        pairs = [str(value).partition("=") for value in values]
        if not all(mark for _, mark, _ in pairs):
            raise ValueError("must be PART=WEIGHT, such as `style=2`")
        return {name.strip(): weight for name, _, weight in pairs}


def overall(parts: Mapping[str, float], weights: ScoreWeights) -> float:
    """The score, 0 to 1, of parts by name, each 0 to 1: their product, each to the power of its weight.

    Content counts by `recognisable`. It never falls when a part rises.
    """
    values = {**parts, "content": recognisable(parts["content"])}
    score = 1.0
    for name in PARTS:
        score *= values[name] ** getattr(weights, name)
    return float(score)


def recognisable(content: float) -> float:
    """The score's content factor: 0 at 0, half near ENOUGH, hardly rising where content is plain, 1 at 1."""
    return (1 + ENOUGH**3) * content**3 / (content**3 + ENOUGH**3)
