"""Sampler of a checkpoint: a seed always gives the same picture, in whatever batch it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from core.gan.checkpoints.checkpoint import CheckpointInfo, load_generator, read_info
from core.gan.checkpoints.classes import check_label
from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling import latents

U8 = NDArray[np.uint8]


class Sampler:
    """A generator on one device. The network is always called on `lanes` latents: at a fixed shape a lane does not
    depend on its neighbours, and across shapes the last bits of convolutions differ.
    """

    def __init__(self, checkpoint: Path, device: torch.device, recipe: SampleRecipe) -> None:
        """Raises SpecError for a wrong checkpoint, or a class that it does not have."""
        self.info: CheckpointInfo = read_info(checkpoint)
        check_label(self.info, recipe.label)
        self._recipe, self._device = recipe, device
        self._generator = load_generator(checkpoint, device)

    def latent(self, seed: int) -> Float[Tensor, " latent"]:
        """z of a seed, before truncation, on the CPU."""
        return latents.latent(seed, self.info.recipe.latent)

    def label(self, seed: int) -> int | None:
        """The class of a seed: the recipe's, else one drawn with the seed; None where there are none."""
        classes = self.info.conditional_classes
        if not classes:
            return None
        return latents.label(seed, len(classes)) if self._recipe.label is None else self._recipe.label

    def sample(self, seeds: Sequence[int]) -> U8:
        """Pictures (n, size, size, 3), 8-bit sRGB, of the seeds in order."""
        return self.draw(torch.stack([self.latent(seed) for seed in seeds]), [self.label(seed) for seed in seeds])

    @torch.inference_mode()
    def draw(self, z: Float[Tensor, "n latent"], labels: Sequence[int | None]) -> U8:
        """Pictures (n, size, size, 3), 8-bit sRGB, of latents and classes; grey is repeated in all three channels."""
        lanes, count = self._recipe.lanes, len(z)
        drawn = []
        for first in range(0, count, lanes):
            last = min(first + lanes, count)
            drawn.append(self._call(z[first:last], labels[first:last])[: last - first])
        return np.concatenate(drawn)

    def _call(self, z: Float[Tensor, "n latent"], labels: Sequence[int | None]) -> U8:
        """One call of exactly `lanes`; what is short is filled with zeros."""
        lanes = self._recipe.lanes
        filled = torch.zeros(lanes, z.shape[1])
        filled[: len(z)] = z * self._recipe.psi
        numbers = [0 if label is None else label for label in labels] + [0] * (lanes - len(labels))
        label = torch.tensor(numbers, device=self._device) if self.info.conditional_classes else None
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._recipe.precision == "bfloat16"):
            made = self._generator(filled.to(self._device), label)
        return rgb(made)


def rgb(made: Float[Tensor, "n c h w"]) -> U8:
    """A network's pictures in -1..1 as 8-bit (n, h, w, 3)."""
    levels = made.float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    return np.ascontiguousarray(levels.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).cpu().numpy())
