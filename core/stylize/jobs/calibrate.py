"""`python -m core.stylize.jobs.calibrate DEVICE`: prints, as JSON, how fast a device is at style transfer.

A pass of the network takes `launch + rate * GFLOP` seconds. On a CPU a launch is nothing, and one size tells the rate. On a
GPU a small picture takes the time of its launches alone: two sizes are timed, and a line is drawn through them.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch

from core.config.presets import DEFAULT_PRESET, PRESETS
from core.config.recipe import Recipe
from core.networks import device as devices
from core.networks.backbone import Backbone
from core.planning.cost_model import gflop
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets

SIDE = 224
"""Of a square that keeps a CPU busy."""
LARGE = 896
"""Of one that keeps a GPU busy: sixteen times the work."""
STEPS, GPU_STEPS = 5, 40
"""Passes that are timed: on a GPU so many that the history of L-BFGS is full for some of them."""
RECIPE = PRESETS[DEFAULT_PRESET].changed({"coarse_steps": 0, "patience": 0})

Paint = Callable[[int], object]
"""Paints in so many passes, and waits until the picture is there."""


@dataclass(frozen=True)
class Speed:
    """Seconds a GFLOP, and seconds a pass besides."""

    rate: float
    launch: float = 0.0


def measure(name: str, clock: Callable[[], float] = time.perf_counter) -> Speed:
    """The speed of a device, by passes over noise after one to warm up. Raises SpecError if the device is not there."""
    device = devices.choose(name)
    devices.make_deterministic()
    backbone = for_recipe(RECIPE, device)
    if device.type == "cpu":
        return Speed(_seconds(painter(SIDE, backbone), STEPS, clock) / _gflop(SIDE, STEPS))
    small, large = (
        (_gflop(side, 1), _seconds(painter(side, backbone), GPU_STEPS, clock) / GPU_STEPS) for side in (SIDE, LARGE)
    )
    return fitted(small, large)


def painter(side: int, backbone: Backbone) -> Paint:
    """What paints a square of noise in the style of itself."""
    recipe = _recipe(side, 1)
    picture = torch.rand(3, side, side, generator=devices.generator(0)).to(backbone.mean.device)
    targets = style_targets([picture], [1.0], recipe, backbone)
    return lambda steps: stylise(picture, targets, recipe.changed({"steps": steps}), 0, backbone).image


def fitted(small: tuple[float, float], large: tuple[float, float]) -> Speed:
    """The line through (GFLOP, seconds) of a small and of a large pass. Where noise would have it fall, or a launch take
    less than nothing, all of the large pass's time is its work.
    """
    rate = (large[1] - small[1]) / (large[0] - small[0])
    launch = small[1] - rate * small[0]
    return Speed(rate, launch) if rate > 0 and launch >= 0 else Speed(large[1] / large[0])


def _seconds(paint: Paint, steps: int, clock: Callable[[], float]) -> float:
    """Of so many passes, after one to warm up."""
    paint(1)
    begun = clock()
    paint(steps)
    return clock() - begun


def _gflop(side: int, steps: int) -> float:
    return gflop(_recipe(side, steps), side, side)


def _recipe(side: int, steps: int) -> Recipe:
    return RECIPE.changed({"size": max(RECIPE.size, side), "steps": steps})


if __name__ == "__main__":
    print(json.dumps(asdict(measure(sys.argv[1]))))
