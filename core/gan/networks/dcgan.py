"""DCGAN (Radford, Metz & Chintala 2016, arXiv 1511.06434): strided convolutions, batch norm, no hidden dense layer.

As the paper has it: z as a picture of one pixel, (n, latent, 1, 1); BatchNorm in every layer but the generator's last and
the discriminator's first; ReLU and tanh in the generator, LeakyReLU(0.2) in the discriminator; weights from N(0, 0.02).
The paper draws pictures of 64 px from a start of 4 px; those of 28 px go by way of 4, 7 and 14.
"""

from __future__ import annotations

import itertools

from jaxtyping import Float, Int
from torch import Tensor, nn

from core.gan.networks.layers import SLOPE, ClassNoise, Projection, Wrap, set_normal, wrapper
from core.gan.networks.recipe import GanRecipe


def sides(size: int) -> list[int]:
    """The sides of the feature maps, from the first to the one before the picture.

    >>> sides(64), sides(28)
    ([4, 8, 16, 32], [4, 7, 14])
    """
    found = [size // 2]
    while found[0] > 4:
        found.insert(0, -(-found[0] // 2))
    return found


def channels(size: int, width: int) -> list[int]:
    """Channels of the maps in `sides`: `width` next to the picture, doubled at each halving."""
    return [width * 2**halvings for halvings in reversed(range(len(sides(size))))]


def doubling(small: int, large: int) -> tuple[int, int, int]:
    """Kernel, stride and padding of the layer between maps of these sides: 4, 2, 1, or 3, 2, 1 between 4 and 7 px."""
    return (4, 2, 1) if large == 2 * small else (3, 2, 1)


class DcganGenerator(nn.Module):
    """z (n, latent) -> pictures (n, channels, size, size) in -1..1."""

    def __init__(self, recipe: GanRecipe, classes: int) -> None:
        super().__init__()
        self.noise = ClassNoise(recipe.latent, classes)
        maps, widths = sides(recipe.size), channels(recipe.size, recipe.width)
        layers = _up(self.noise.length, widths[0], (maps[0], 1, 0))
        for (above, below), (small, large) in zip(itertools.pairwise(widths), itertools.pairwise(maps), strict=True):
            layers += _up(above, below, doubling(small, large))
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], recipe.channels, 4, 2, 1), nn.Tanh())
        self.apply(set_normal)

    def forward(
        self, z: Float[Tensor, "n latent"], label: Int[Tensor, " n"] | None = None
    ) -> Float[Tensor, "n c size size"]:
        """Pictures in -1..1."""
        made: Tensor = self.layers(self.noise(z, label)[:, :, None, None])
        return made


class DcganDiscriminator(nn.Module):
    """Pictures (n, channels, size, size) in -1..1 -> logits (n, 1)."""

    def __init__(self, recipe: GanRecipe, classes: int) -> None:
        super().__init__()
        wrap = wrapper(recipe.spectral_norm)
        maps, widths = sides(recipe.size)[::-1], channels(recipe.size, recipe.width)[::-1]
        layers: list[nn.Module] = [wrap(nn.Conv2d(recipe.channels, widths[0], 4, 2, 1)), _leaky()]
        for (above, below), (large, small) in zip(itertools.pairwise(widths), itertools.pairwise(maps), strict=True):
            layers += _down(above, below, doubling(small, large), wrap, norm=not recipe.spectral_norm)
        self.features = nn.Sequential(*layers)
        self.logit = wrap(nn.Conv2d(widths[-1], 1, maps[-1]))
        self.projection = Projection(widths[-1], classes, wrap)
        self.apply(set_normal)

    def forward(
        self, x: Float[Tensor, "n c size size"], label: Int[Tensor, " n"] | None = None
    ) -> Float[Tensor, "n 1"]:
        """Logits: above 0 is real."""
        features = self.features(x)
        logits: Tensor = self.logit(features).flatten(1) + self.projection(features.sum((2, 3)), label)
        return logits


def _up(above: int, below: int, shape: tuple[int, int, int]) -> list[nn.Module]:
    conv = nn.ConvTranspose2d(above, below, *shape, bias=False)
    return [conv, nn.BatchNorm2d(below), nn.ReLU(inplace=True)]


def _down(above: int, below: int, shape: tuple[int, int, int], wrap: Wrap, norm: bool) -> list[nn.Module]:
    """Spectral norm takes the place of batch norm (Miyato et al. 2018)."""
    conv = wrap(nn.Conv2d(above, below, *shape, bias=not norm))
    return [conv, *([nn.BatchNorm2d(below)] if norm else []), _leaky()]


def _leaky() -> nn.Module:
    return nn.LeakyReLU(SLOPE, inplace=True)
