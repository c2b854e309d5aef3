"""Retry policy of the quality gate: what becomes of a picture that scores below `min_score`, and how it is tried again.

A further try is a job of its own, with its own key and output. Which tries there are follows from the manifest alone: the
next one is planned when the one before is made and scores too low. So a night that is killed goes on where it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.config.presets import PRESETS

REJECT = "reject"
MOST_TRIES = 20

WEAKER = 0.75
"""Strength of a further try, as a share of that of the one before."""


@dataclass(frozen=True)
class Retake:
    """How one further try differs from the first: its seed, its preset, and what its strength is multiplied with."""

    number: int
    seed_step: int = 0
    preset: str | None = None
    strength: float = 1.0


@dataclass(frozen=True)
class RetryPolicy:
    """What the spec's `gate` says: how pictures that score too low are tried again, if at all."""

    by: str = REJECT
    retakes: tuple[Retake, ...] = ()


def parse_gate(text: str) -> RetryPolicy:
    """The gate of `reject`, `seed:N`, `strength:N` or `preset:NAME,NAME`. Raises ValueError for anything else."""
    kind, _, rest = text.partition(":")
    if text == REJECT:
        return RetryPolicy()
    if kind == "preset":
        names = [name.strip() for name in rest.split(",")]
        unknown = next((name for name in names if name not in PRESETS), None)
        if unknown is not None:
            raise ValueError(f"{unknown!r} is no preset; there are {', '.join(PRESETS)}")
        return RetryPolicy(kind, tuple(Retake(number, preset=name) for number, name in enumerate(names, start=1)))
    if kind not in ("seed", "strength") or not re.fullmatch(r"[1-9][0-9]?", rest) or int(rest) > MOST_TRIES:
        raise ValueError(
            f"must be `{REJECT}`, `seed:N` or `strength:N` with N further tries, at most {MOST_TRIES}, or `preset:NAME,NAME`"
        )
    numbers = range(1, int(rest) + 1)
    if kind == "seed":
        return RetryPolicy(kind, tuple(Retake(number, seed_step=number) for number in numbers))
    return RetryPolicy(kind, tuple(Retake(number, strength=WEAKER**number) for number in numbers))


def is_low(score: float | None, min_score: float | None) -> bool:
    """Whether a score does not pass; one that is not known passes."""
    return score is not None and min_score is not None and score < min_score
