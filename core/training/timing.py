"""Time of a training step on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable

WARM_UP, TIMED = 3, 8
"""Steps that are thrown away, and timed."""


def seconds_a_step(advance: Callable[[], object]) -> float:
    """Mean time of a step of a trainer that is thrown away."""
    for _ in range(WARM_UP):
        advance()
    begun = time.perf_counter()
    for _ in range(TIMED):
        advance()
    return (time.perf_counter() - begun) / TIMED
