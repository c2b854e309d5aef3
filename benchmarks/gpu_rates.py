"""Rates of whole pictures and samples on a GPU, in this process: nothing is read, scored or written meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gpu_subjects as subjects
from gpu_measure import memory_of, seconds_of
from gpu_setup import Setup

Rows = Iterator[dict[str, Any]]

LANES = 16
"""Pictures of 512 px that a GPU walks at once; elsewhere it is what the recipe says."""
SHORTENED = {"gatys": {"steps": 30}}
"""Presets of so many steps that a tenth of them is timed."""
SHARE = {"gatys": 10}


def pictures(setup: Setup, preset: str, size: int, count: int) -> Rows:
    """Pictures a second of a preset, several in a call."""
    lanes = min(LANES, count)
    small = {"steps": 2, "coarse_steps": 0} if setup.quick else SHORTENED.get(preset, {})
    painting = subjects.Painting(setup, preset, size, {"lanes": lanes, **small})
    painting.make(range(lanes))  # what is chosen and compiled at first use
    seconds = seconds_of(setup, lambda: painting.make(range(count)))
    found = {"pictures": count, "pictures_s": count / seconds / SHARE.get(preset, 1)}
    yield found | memory_of(setup, lambda: painting.make(range(lanes)))


def samples(setup: Setup, lanes: int) -> Rows:
    """Samples of 64 px a second, drawn and not encoded."""
    draw, count = subjects.sampler(setup, lanes), 16 if setup.quick else 1024
    draw.sample(range(lanes))
    yield {"samples_s": count / seconds_of(setup, lambda: draw.sample(range(count)))}
