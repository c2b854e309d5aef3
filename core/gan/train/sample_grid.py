"""Sample grid and evaluation samples of a GAN in training: the same latents each time."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from core.gan.sampling import latents
from core.gan.sampling.sampler import rgb
from core.gan.train.trainer import GanTrainer
from core.networks import seeded_random

U8 = NDArray[np.uint8]

SHOWN = 64
"""Samples in the grid."""
BATCH = 50
"""Samples in one call of the network."""


def evaluation_noise(
    trainer: GanTrainer, count: int
) -> tuple[Float[Tensor, "count latent"], Int[Tensor, " count"] | None]:
    """z and classes for `count` samples of an evaluation: always the same, and unrelated to what training draws."""
    z = torch.randn(count, trainer.recipe.latent, generator=seeded_random.generator(trainer.recipe.seed, "evaluation"))
    return z, torch.arange(count) % trainer.classes if trainer.classes else None


def shown_noise(trainer: GanTrainer) -> tuple[Float[Tensor, "64 latent"], Int[Tensor, " 64"] | None]:
    """z and classes of the grid: those of the seeds 0 to 63, as sampling draws them, rows of one class if there are any."""
    z = torch.stack([latents.latent(seed, trainer.recipe.latent) for seed in range(SHOWN)])
    rows = math.isqrt(SHOWN)
    return z, torch.arange(SHOWN) // rows % trainer.classes if trainer.classes else None


@torch.no_grad()
def drawn(trainer: GanTrainer, z: Float[Tensor, "n latent"], label: Int[Tensor, " n"] | None) -> U8:
    """Pictures (n, size, size, 3) of the averaged generator, in float32."""
    found = []
    for first in range(0, len(z), BATCH):
        part = slice(first, first + BATCH)
        classes = None if label is None else label[part].to(trainer.device)
        found.append(rgb(trainer.average(z[part].to(trainer.device), classes)))
    return np.concatenate(found)
