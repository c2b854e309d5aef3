"""Makes the golden values again: `python -m tests.core.stylize.golden` prints them.

They may change only together with `ALGORITHM` in core/config/methods.py: then every stored key is another one.
"""

from __future__ import annotations

import hashlib

import torch

from core.config.methods import ALGORITHM
from core.config.recipe import Recipe
from core.stylize.optimise.optimise import Result, stylise
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from tests.core.stylize.conftest import waves
from tests.core.stylize.networks import seeded_model

GOLDEN: dict[str, Recipe] = {
    "gram": Recipe(steps=6, style_statistic="gram", style_weight=1e6, precision="float32"),
    "moments": Recipe(
        steps=5,
        low_frequencies=0.4,
        style_weight=250.0,
        style_layers=("relu1_1", "relu2_1", "relu3_1"),
        content_layers=("relu3_2",),
        precision="float32",
    ),
    "coarse": Recipe(size=192, steps=2, coarse_steps=4, low_frequencies=0.4, style_weight=250.0, precision="float32"),
    "noise": Recipe(steps=5, init="noise", pooling="average", style_weight=250.0, precision="float32"),
}
"""A few steps by every way that the method can go."""


def made(name: str) -> Result:
    """The golden picture called `name`."""
    recipe = GOLDEN[name]
    backbone = for_recipe(recipe, torch.device("cpu"))
    targets = style_targets([waves(48, 40, 6, 1), waves(32, 32, 2, 7)], [2, 1], recipe, backbone)
    content = waves(24, 192) if recipe.coarse_steps else waves(48, 40)
    return stylise(content, targets, recipe, 7, backbone)


def painted() -> Result:
    """A picture painted in one pass by a network of seeded weights."""
    model = seeded_model(2, seed=1)
    model.network.eval()
    with torch.no_grad():
        image = model.network(waves(96, 72).unsqueeze(0), model.known([1]))[0]
    return Result(image, [])


def summary(result: Result) -> tuple[list[float], list[float]]:
    """What engines agree on: the losses, and the mean and deviation of each channel's left and right half."""
    halves = [half for side in result.image.chunk(2, dim=2) for half in side]
    fields = [value for half in halves for value in (half.mean().item(), half.std().item())]
    return [float(f"{loss:.4g}") for loss in result.losses], [round(value, 3) for value in fields]


def fingerprint() -> str:
    """SHA-256 of one picture's bytes, made coarse to fine in the precision of the machine."""
    recipe = GOLDEN["coarse"].changed({"precision": "auto", "steps": 8})
    backbone = for_recipe(recipe, torch.device("cpu"))
    targets = style_targets([waves(32, 32, 2, 7)], [1], recipe, backbone)
    image = stylise(waves(192, 20), targets, recipe, 3, backbone).image
    return hashlib.sha256(image.numpy().tobytes()).hexdigest()


if __name__ == "__main__":
    print(f"algorithm {ALGORITHM['optimise']}")
    for name in GOLDEN:
        print(f'    "{name}": {summary(made(name))},')
    print(f"fast {ALGORITHM['fast']}: {summary(painted())[1]}")
