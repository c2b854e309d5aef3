"""Times of single steps and calls on a GPU, and what keeps them from being shorter: launches, waits, idle time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gpu_subjects as subjects
from gpu_measure import per_step, repeated
from gpu_setup import Setup

Rows = Iterator[dict[str, Any]]

FULL = 32
"""Steps after which the history of L-BFGS is full."""


def optimisation(setup: Setup, preset: str, lanes: int, side: int, profiled: bool) -> Rows:
    """A step of `lanes` pictures with a full history."""
    paint = subjects.Optimisations(setup, preset, lanes, side)
    few, many = (1, 4) if setup.quick else (FULL, 2 * FULL)
    found = per_step(setup, paint.run, few, many, profiled)
    seconds = found["ms_a_step"] / 1e3
    yield {**found, "ms_a_picture": found["ms_a_step"] / lanes, "tflops": paint.gflop / seconds / 1e3}


def one_pass(setup: Setup, lanes: int, side: int) -> Rows:
    """A call of the network that paints, with the copies to the device and back, and without."""
    paint, pictures = subjects.one_pass(setup, lanes, side)
    there = pictures.to(setup.device)
    inside = per_step(setup, repeated(lambda: paint(there)), 2, 4 if setup.quick else 22)
    copied = per_step(
        setup,
        repeated(lambda: paint(pictures.to(setup.device)).cpu()),
        2,
        4 if setup.quick else 22,
        False,
    )
    yield {
        **inside,
        "pictures_s": lanes / inside["ms_a_step"] * 1e3,
        "pictures_s_with_copies": lanes / copied["ms_a_step"] * 1e3,
    }


def train_style(setup: Setup) -> Rows:
    """A step of a style training."""
    yield _training(setup, subjects.style_trainer(setup))


def gan(setup: Setup, preset: str, fields: Mapping[str, Any]) -> Rows:
    """A step of a GAN's training."""
    yield _training(setup, subjects.gan_trainer(setup, preset, fields))


def score(setup: Setup) -> Rows:
    """One score of an output of 512 px, whose asset and artwork are known."""
    judge = subjects.score(setup.device, 384, 512)
    found = per_step(setup, repeated(judge), 2, 4 if setup.quick else 22)
    yield {**found, "pictures_s": 1e3 / found["ms_a_step"]}


def _training(setup: Setup, trainer: Any) -> dict[str, float]:
    found = per_step(setup, repeated(trainer.advance), 2, 5 if setup.quick else 34)
    return {**found, "steps_s": 1e3 / found["ms_a_step"]}
