"""Prints, as JSON, what a step of a GAN's training does on a pretended GPU: `PRESET [FIELD=VALUE ...]`."""

from __future__ import annotations

import json
import sys

import numpy as np
import torch
from torch import Tensor

from core.gan.data.dataset import Dataset, side_for
from core.gan.networks.layers import count_on_the_host
from core.gan.networks.recipe import GAN_PRESETS, GanRecipe
from core.gan.train.trainer import GanTrainer
from core.networks import device as devices
from tests.fake_cuda.trace import CUDA, Trace, fake_cuda, faked

PICTURES = 64
WARM = 2
"""Steps before the one that is counted: Adam makes its moments in the first; the next has no penalty on gradients."""


def noise(recipe: GanRecipe) -> Dataset:
    """Pictures of three classes."""
    shape = (PICTURES, recipe.channels, side_for(recipe), side_for(recipe))
    names = tuple(map(str, range(PICTURES)))
    return Dataset(np.zeros(shape, np.uint8), np.arange(PICTURES) % 3, ("a", "b", "c"), names, ())


def real(recipe: GanRecipe) -> tuple[Tensor, Tensor | None]:
    """A batch, as one comes from the host: it is not drawn, which needs values."""
    pictures = torch.zeros(recipe.batch, recipe.channels, recipe.size, recipe.size)
    return pictures, torch.zeros(recipe.batch, dtype=torch.int64) if recipe.conditional else None


def main(preset: str, *fields: str) -> None:
    changes = dict(field.split("=") for field in fields)
    recipe = GAN_PRESETS[preset].changed({name: json.loads(value) for name, value in changes.items()})
    devices.make_deterministic()
    trainer = GanTrainer(recipe, noise(recipe), torch.device("cpu"))
    with fake_cuda():
        for network in (trainer.generator, trainer.discriminator, trainer.average):
            faked(network)
            count_on_the_host(network)
        trainer.device, trainer._bfloat16 = torch.device(CUDA), True
        trainer.optimisers = {
            "adam_g.": trainer._adam(trainer.generator),
            "adam_d.": trainer._adam(trainer.discriminator),
        }
        trainer._batches.real = lambda *_: real(recipe)  # type: ignore[method-assign]
        with Trace(answer=0.5) as whole:
            for _ in range(WARM):
                trainer.begin_step()
        with Trace(answer=0.5) as trace:
            trainer.begin_step()
    counts = {"launches": trace.launches, "waits": trace.waits + trace.transfers, "layouts": trace.layouts}
    print(json.dumps({**counts, "operations": trace.operations, "seen": sorted(trace.seen | whole.seen)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
