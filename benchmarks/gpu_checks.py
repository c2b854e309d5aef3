"""Checks of everything that computes on a GPU: it runs, gives the same bits twice, and is near what the CPU gives.

Each yields rows with `fine`, which is False where a check fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

import gpu_subjects as subjects
from gpu_setup import Setup

Rows = Iterator[dict[str, Any]]

CPU = torch.device("cpu")
LOSS_APART = 1e-3
"""Share by which the loss of the first pass may differ from the CPU's, in float32."""
PICTURE_APART = 0.02
"""By which a picture after some steps may, on average, in units of white: steps enlarge the last bits."""
PASS_APART = 2e-3
"""By which a pixel of one pass may."""
SCORE_APART = 0.01
"""By which a part of a score may."""
LEVELS_APART = 1.0
"""By which a sample may, on average, in grey levels."""
LONGEST = 6144
"""Pixels of a side that is shrunk by 64 to its coarsest size: more than one kernel call has memory for."""


def optimisation(setup: Setup, preset: str, fields: Mapping[str, Any]) -> Rows:
    """A preset with changed fields, twice."""
    in_tiles = "tile_steps" in fields
    side = 160 if in_tiles else _side(setup)
    paint = subjects.Optimisations(setup, preset, 1, side, fields)
    one, two = (paint.run(_steps(setup))[0] for _ in range(2))
    finite = bool(torch.isfinite(one.image).all())
    yield _twice(torch.equal(one.image, two.image) and one.losses == two.losses, finite) | {"loss": one.losses[-1]}


def lanes(setup: Setup) -> Rows:
    """A picture alone in a call of four, and beside three others."""
    paint = subjects.Optimisations(setup, "good", 4, _side(setup))
    alone, beside = paint.run(_steps(setup), [2])[2], paint.run(_steps(setup))[2]
    same = torch.equal(alone.image, beside.image)
    yield {"alike": same, "fine": same}


def large(setup: Setup) -> Rows:
    """A picture so long that its coarsest size is a 64th, through all its sizes."""
    fields = {"coarse_steps": 1, "size": LONGEST, "whole_megapixels": 1000.0}
    paint = subjects.Optimisations(setup, "good", 1, LONGEST, fields, height=32 if setup.quick else 1024)
    found = paint.run(1)[0]
    yield {
        "size": list(found.image.shape),
        "passes": len(found.losses),
        "fine": bool(torch.isfinite(found.image).all()),
    }


def near_cpu(setup: Setup) -> Rows:
    """Some steps in float32 here, and on the CPU."""
    here, there = (
        subjects.Optimisations(each, "good", 1, _side(setup), {"precision": "float32"}).run(_steps(setup))[0]
        for each in (setup, _on_cpu(setup))
    )
    loss = abs(here.losses[0] / there.losses[0] - 1)
    picture = float((here.image - there.image).abs().mean())
    yield {"loss_apart": loss, "picture_apart": picture, "fine": loss <= LOSS_APART and picture <= PICTURE_APART}


def one_pass(setup: Setup) -> Rows:
    """The packaged network in float32 here, twice, and on the CPU."""
    paint, pictures = subjects.one_pass(setup, 2, 96, "float32")
    one, two = (paint(pictures.to(setup.device)).cpu() for _ in range(2))
    there, _ = subjects.one_pass(_on_cpu(setup), 2, 96, "float32")
    apart = float((one - there(pictures)).abs().max())
    same = torch.equal(one, two)
    yield {"alike": same, "apart": apart, "fine": same and apart <= PASS_APART}


def polish(setup: Setup) -> Rows:
    """One pass and the steps from there, by the engine's backend, twice."""
    painting = subjects.Painting(setup, "polish", _side(setup), {"steps": _steps(setup)})
    one, two = (painting.make([0])[0] for _ in range(2))
    yield _twice(torch.equal(one, two), bool(torch.isfinite(one).all()))


def train_style(setup: Setup) -> Rows:
    """Three steps of a training, twice."""
    states = []
    for _ in range(2):
        trainer = subjects.style_trainer(setup)
        for _ in range(3):
            metrics = trainer.advance()
        states.append(trainer.state())
    yield _twice(_same(*states), metrics.finite) | {"loss": metrics.loss}


def gan(setup: Setup, preset: str, fields: Mapping[str, Any]) -> Rows:
    """Three steps of a training, twice."""
    small = {"width": 8, "batch": 4} if setup.quick and preset != "mlp" else {}
    states = []
    for _ in range(2):
        trainer = subjects.gan_trainer(setup, preset, {**fields, **small})
        for _ in range(3):
            metrics = trainer.advance()
        states.append(trainer.state())
    yield _twice(_same(*states), metrics.finite) | {"d_loss": metrics.d_loss, "g_loss": metrics.g_loss}


def score(setup: Setup) -> Rows:
    """The parts of a score here and on the CPU."""
    here, there = (subjects.score(device, 160, 200)() for device in (setup.device, CPU))
    apart = max(abs(here.parts[name] - there.parts[name]) for name in here.parts)
    yield {"apart": apart, "fine": apart <= SCORE_APART}


def sampling(setup: Setup) -> Rows:
    """A sample alone, among others, and on the CPU."""
    here, there = subjects.sampler(setup, 8), subjects.sampler(setup, 8, CPU)
    together, alone, expected = here.sample(range(12)), here.sample([7])[0], there.sample([7])[0]
    same = bool((together[7] == alone).all())
    apart = float(np.abs(alone.astype(float) - expected).mean())
    yield {"alike": same, "levels_apart": apart, "fine": same and apart <= LEVELS_APART}


def _twice(same: bool, finite: bool) -> dict[str, Any]:
    return {"alike": same, "finite": finite, "fine": same and finite}


def _same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def _side(setup: Setup) -> int:
    return 48 if setup.quick else 192


def _steps(setup: Setup) -> int:
    return 3 if setup.quick else 6


def _on_cpu(setup: Setup) -> Setup:
    return Setup(CPU, setup.quick, setup.scratch)
