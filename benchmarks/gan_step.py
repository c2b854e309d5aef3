"""Time of a training step against the same networks in a bare loop: `python benchmarks/gan_step.py [--presets digits]`.

The bare loop has the same networks, losses, batch, precision, memory layout and optimiser, and pictures that are tensors
already; it augments nothing, averages nothing, and remembers nothing. Both take turns, a few steps each, so that what else
the machine does falls on both, and CPU seconds are compared, on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.gan.data.dataset import Dataset, side_for
from core.gan.networks.few_shot import FewShotDiscriminator
from core.gan.networks.recipe import GAN_PRESETS, GanRecipe
from core.gan.train.losses import D_LOSSES, G_LOSSES
from core.gan.train.trainer import GanTrainer
from core.networks import device as devices
from figure_rows import Row

PRESETS = {"digits": {"r1": 0.0}, "few_shot": {}}
PICTURES = 250
TURNS, STEPS, WARM_UP = 12, 4, 3
MOST = 1.15
CPU = torch.device("cpu")


@dataclass(frozen=True)
class StepTimes:
    """CPU seconds of a step, bare and ours, and the median over turns of their ratio."""

    preset: str
    bare: float
    ours: float
    ratio: float
    wall_ratio: float


class Bare:
    """The least loop that trains the networks of a trainer."""

    def __init__(self, recipe: GanRecipe, data: Dataset) -> None:
        trainer = GanTrainer(recipe, data, CPU)
        self.recipe, self.g, self.d = recipe, trainer.generator, trainer.discriminator
        self.optimisers = trainer.optimisers
        spare = data.pictures.shape[-1] - recipe.size
        pixels = data.pictures[:, :, spare // 2 : spare // 2 + recipe.size, spare // 2 : spare // 2 + recipe.size]
        self.pictures = torch.from_numpy(np.ascontiguousarray(pixels)).float() / 127.5 - 1
        self.bfloat16 = devices.dtype(recipe.precision, CPU) == torch.bfloat16
        self.first = 0

    def _real(self) -> Tensor:
        self.first = (self.first + self.recipe.batch) % (len(self.pictures) - self.recipe.batch)
        batch = self.pictures[self.first : self.first + self.recipe.batch]
        return batch.contiguous(memory_format=torch.channels_last)

    def step(self) -> None:
        """One step of both networks."""
        real, recipe = self._real(), self.recipe
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            made = self.g(torch.randn(recipe.batch, recipe.latent)).float()
            logits, extra = self._judged(real)
            loss = D_LOSSES[recipe.loss](logits.float(), self.d(made.detach()).float()) + extra
        loss.backward()
        self.optimisers["adam_d."].step()
        self.optimisers["adam_d."].zero_grad(set_to_none=True)
        self.d.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            loss = G_LOSSES[recipe.loss](self.d(made).float())
        loss.backward()
        self.d.requires_grad_(True)
        self.optimisers["adam_g."].step()
        self.optimisers["adam_g."].zero_grad(set_to_none=True)

    def _judged(self, real: Tensor) -> tuple[Tensor, Tensor | float]:
        if not isinstance(self.d, FewShotDiscriminator):
            return self.d(real), 0.0
        logits, sixteen, eight = self.d.judged(real)
        return logits, self.recipe.reconstruction * self.d.reconstruction(real, sixteen, eight, 0)


def noise_pictures(recipe: GanRecipe) -> Dataset:
    """As many random pictures as a small studio has; what they show does not change the time."""
    side = side_for(recipe)
    shape = (PICTURES, recipe.channels, side, side)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return Dataset(pixels, None, (), tuple(map(str, range(PICTURES))), ())


def timed(step: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of some steps, a step."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(STEPS):
        step()
    return (time.process_time() - cpu) / STEPS, (time.perf_counter() - wall) / STEPS


def measured(preset: str, changes: dict[str, object], turns: int = TURNS) -> StepTimes:
    """Both loops in turns."""
    recipe = GAN_PRESETS[preset].changed(changes)
    data = noise_pictures(recipe)
    steps = Bare(recipe, data).step, GanTrainer(recipe, data, CPU).advance
    for step in steps:
        for _ in range(WARM_UP):
            step()
    pairs = [(timed(steps[0]), timed(steps[1])) for _ in range(turns)]
    bare, ours = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
    ratios = [statistics.median(pair[1][clock] / pair[0][clock] for pair in pairs) for clock in (0, 1)]
    return StepTimes(preset, bare, ours, *ratios)


def rows(presets: Iterable[str] = tuple(PRESETS), turns: int = TURNS) -> Iterator[Row]:
    """A row for each preset."""
    devices.make_deterministic(threads=1)
    for preset in presets:
        found = measured(preset, PRESETS[preset], turns)
        shown = (
            f"{found.ratio:.2f} of CPU time, {found.wall_ratio:.2f} of wall clock (bare {found.bare * 1e3:.0f} ms, ours "
            f"{found.ours * 1e3:.0f} ms a step)"
        )
        yield Row(f"training step against a bare loop, `{preset}`", shown, "at most 1.15", found.ratio <= MOST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=list(PRESETS))
    parser.add_argument("--turns", type=int, default=TURNS)
    args = parser.parse_args()
    for row in rows(args.presets, args.turns):
        print(row.line(), flush=True)


if __name__ == "__main__":
    main()
