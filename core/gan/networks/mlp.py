"""The fully connected sketch: 100-256-512-1024-784 with ReLU, and its mirror with LeakyReLU(0.2).

Goodfellow et al. 2014 (arXiv 1406.2661) used networks of this kind. It has no idea of neighbourhood: good for digits and
for learning how a GAN works, not for pictures.
"""

from __future__ import annotations

import itertools

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.gan.networks.layers import SLOPE, ClassNoise, wrapper
from core.gan.networks.recipe import GanRecipe

HIDDEN = (256, 512, 1024)


class MlpGenerator(nn.Module):
    """z (n, latent) -> pictures (n, channels, size, size) in -1..1."""

    def __init__(self, recipe: GanRecipe, classes: int) -> None:
        super().__init__()
        self.noise = ClassNoise(recipe.latent, classes)
        self._shape = (recipe.channels, recipe.size, recipe.size)
        lengths = (self.noise.length, *HIDDEN)
        hidden = [
            layer for a, b in zip(lengths, HIDDEN, strict=False) for layer in (nn.Linear(a, b), nn.ReLU(inplace=True))
        ]
        self.layers = nn.Sequential(*hidden, nn.Linear(HIDDEN[-1], recipe.channels * recipe.size**2), nn.Tanh())

    def forward(
        self, z: Float[Tensor, "n latent"], label: Int[Tensor, " n"] | None = None
    ) -> Float[Tensor, "n c size size"]:
        """Pictures in -1..1."""
        made: Tensor = self.layers(self.noise(z, label))
        return made.view(-1, *self._shape)


class MlpDiscriminator(nn.Module):
    """Pictures (n, channels, size, size) in -1..1 -> logits (n, 1); the class goes in beside the pixels."""

    def __init__(self, recipe: GanRecipe, classes: int) -> None:
        super().__init__()
        wrap = wrapper(recipe.spectral_norm)
        self.picture = ClassNoise(recipe.channels * recipe.size**2, classes)
        lengths = (self.picture.length, *reversed(HIDDEN))
        hidden = [
            layer
            for a, b in itertools.pairwise(lengths)
            for layer in (wrap(nn.Linear(a, b)), nn.LeakyReLU(SLOPE, inplace=True))
        ]
        self.layers = nn.Sequential(*hidden, wrap(nn.Linear(HIDDEN[0], 1)))

    def forward(
        self, x: Float[Tensor, "n c size size"], label: Int[Tensor, " n"] | None = None
    ) -> Float[Tensor, "n 1"]:
        """Logits: above 0 is real."""
        logits: Tensor = self.layers(self.picture(torch.flatten(x, 1), label))
        return logits
