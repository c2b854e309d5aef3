"""Builders of the generator and the discriminator that a recipe asks for."""

from __future__ import annotations

from typing import Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.gan.networks.dcgan import DcganDiscriminator, DcganGenerator
from core.gan.networks.few_shot import FewShotDiscriminator, FewShotGenerator
from core.gan.networks.mlp import MlpDiscriminator, MlpGenerator
from core.gan.networks.recipe import GanRecipe
from core.networks import seeded_random


class Generator(Protocol):
    """What draws: z (n, latent) and classes (n,) -> pictures (n, channels, size, size) in -1..1."""

    def __call__(
        self, z: Float[Tensor, "n latent"], label: Int[Tensor, " n"] | None = None
    ) -> Float[Tensor, "n c size size"]:
        """Pictures in -1..1."""


_GENERATORS = {"mlp": MlpGenerator, "dcgan": DcganGenerator, "few_shot": FewShotGenerator}
_DISCRIMINATORS = {"mlp": MlpDiscriminator, "dcgan": DcganDiscriminator, "few_shot": FewShotDiscriminator}


def build_generator(recipe: GanRecipe, classes: int = 0) -> nn.Module:
    """The recipe's generator with its first weights, from the recipe's seed; `classes` is 0 if it is unconditional."""
    return _seeded(_GENERATORS[recipe.architecture], recipe, classes, part=0)


def build_discriminator(recipe: GanRecipe, classes: int = 0) -> nn.Module:
    """The recipe's discriminator with its first weights, from the recipe's seed."""
    return _seeded(_DISCRIMINATORS[recipe.architecture], recipe, classes, part=1)


def _seeded(kind: type[nn.Module], recipe: GanRecipe, classes: int, part: int) -> nn.Module:
    """Layers draw their first weights from torch's own generator, so it is set for a moment and put back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeded_random.generator(recipe.seed, "weights", 0, part).initial_seed())
        return kind(recipe, classes if recipe.conditional else 0)
