"""`python -m core.stylize.jobs.calibrate DEVICE`: prints seconds per GFLOP of style transfer on a device."""

from __future__ import annotations

import sys
import time

import torch

from core.config.presets import DEFAULT_PRESET, PRESETS
from core.networks import device as devices
from core.planning.cost_model import gflop
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets

SIDE = 224


def measure(name: str) -> float:
    """Seconds per GFLOP, over a few steps on noise after one to warm up. Raises SpecError if the device is not there."""
    device = devices.choose(name)
    devices.make_deterministic()
    recipe = PRESETS[DEFAULT_PRESET].changed({"steps": 1, "coarse_steps": 0})
    backbone = for_recipe(recipe, device)
    picture = torch.rand(3, SIDE, SIDE, generator=devices.generator(0)).to(device)
    targets = style_targets([picture], [1.0], recipe, backbone)
    stylise(picture, targets, recipe, 0, backbone)
    timed = recipe.changed({"steps": 5})
    begun = time.perf_counter()
    stylise(picture, targets, timed, 0, backbone)
    return (time.perf_counter() - begun) / gflop(timed, SIDE, SIDE)


if __name__ == "__main__":
    print(measure(sys.argv[1]))
