"""FastGAN (Liu et al. 2021, arXiv 2101.04775): a generator and a discriminator for tens to thousands of pictures.

Two ideas make few pictures enough. *Skip-layer excitation*: a small map gates the channels of one up to 16 times larger, so
that gradients reach the first layers and style is decided early. A *self-supervised* discriminator: it must be able to
redraw real pictures from its features, which keeps it from looking at a few telling pixels alone. Settings were checked
against lucidrains/lightweight-gan (MIT), a port of the paper.

Where this departs from the paper: no noise is added inside the generator, so that z alone decides a picture; pictures are
redrawn under an L1 loss, since a perceptual one needs a pretrained network; and sides from 32 px up are all excited, from
the map a sixteenth of their side, or of 4 px.
"""

from __future__ import annotations

import contextlib
import itertools

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.gan.networks.layers import SLOPE, ClassNoise, GatedLinearUnit, Projection, Wrap, reduced, set_normal, wrapper
from core.gan.networks.recipe import GanRecipe

WIDTHS = (1, 4, 8, 16)
"""Channels, in widths, of the maps at the picture's side and at each halving; smaller ones have as many as the last. Large
maps cost memory and time, small ones next to nothing, so the step to the second is the steepest.
"""

FIRST_EXCITED = 32
SMALL_VIEW = 32
"""Side in pixels of the second, smaller view that the discriminator has of each picture."""
REDRAWN = 32
"""Side in pixels at which pictures are redrawn: the whole one, and a quarter of it."""


def width_at(side: int, recipe: GanRecipe) -> int:
    """Channels of a map of this side."""
    halvings = (recipe.size // side).bit_length() - 1
    return recipe.width * WIDTHS[min(halvings, len(WIDTHS) - 1)]


class Reduce(nn.Module):
    """Maps averaged down to a side that divides theirs; adaptive pooling has no deterministic backward pass on CUDA."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c side side"]:
        """The means."""
        return reduced(x, self.side)


class Excitation(nn.Module):
    """A small map becomes one gate in 0..1 for each channel of a large one (equation 2 and figure 3 of the paper)."""

    def __init__(self, small: int, large: int, wrap: Wrap) -> None:
        super().__init__()
        self.gates = nn.Sequential(
            Reduce(4),
            wrap(nn.Conv2d(small, large, 4, bias=False)),
            nn.SiLU(),
            wrap(nn.Conv2d(large, large, 1, bias=False)),
            nn.Sigmoid(),
        )

    def forward(self, small: Float[Tensor, "n c h w"], large: Float[Tensor, "n d h2 w2"]) -> Float[Tensor, "n d h2 w2"]:
        """`large`, gated."""
        gates: Tensor = self.gates(small)
        return large * gates


class Twice(nn.Module):
    """Twice the side, by nearest neighbour; on CUDA in the type of the maps, which autocast would have made float32."""

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c 2*h 2*w"]:
        """Each value four times."""
        with torch.autocast("cuda", enabled=False) if x.is_cuda else contextlib.nullcontext():
            return F.interpolate(x, scale_factor=2.0, mode="nearest")


class Up(nn.Sequential):
    """Twice the side: nearest neighbour, convolution, batch norm, gated linear unit."""

    def __init__(self, above: int, below: int) -> None:
        super().__init__(
            Twice(),
            nn.Conv2d(above, 2 * below, 3, padding=1, bias=False),
            nn.BatchNorm2d(2 * below),
            GatedLinearUnit(),
        )


class FewShotGenerator(nn.Module):
    """z (n, latent) -> pictures (n, channels, size, size) in -1..1."""

    def __init__(self, recipe: GanRecipe, classes: int) -> None:
        super().__init__()
        self.noise = ClassNoise(recipe.latent, classes)
        self.sides = [2**k for k in range(2, recipe.size.bit_length())]
        first = width_at(4, recipe)
        self.start = nn.Sequential(
            nn.ConvTranspose2d(self.noise.length, 2 * first, 4, bias=False),
            nn.BatchNorm2d(2 * first),
            GatedLinearUnit(),
        )
        self.ups = nn.ModuleDict()
        self.excitations = nn.ModuleDict()
        for side in self.sides[1:]:
            self.ups[str(side)] = Up(width_at(side // 2, recipe), width_at(side, recipe))
            if side >= FIRST_EXCITED:
                small = width_at(max(4, side // 16), recipe)
                self.excitations[str(side)] = Excitation(small, width_at(side, recipe), wrapper(False))
        self.picture = nn.Conv2d(recipe.width, recipe.channels, 3, padding=1)
        self.apply(set_normal)

    def forward(
        self, z: Float[Tensor, "n latent"], label: Int[Tensor, " n"] | None = None
    ) -> Float[Tensor, "n c size size"]:
        """Pictures in -1..1."""
        x = self.start(self.noise(F.normalize(z, dim=1) * z.shape[1] ** 0.5, label)[:, :, None, None])
        maps = {4: x}
        for side in self.sides[1:]:
            x = self.ups[str(side)](x)
            if str(side) in self.excitations:
                x = self.excitations[str(side)](maps[max(4, side // 16)], x)
            maps[side] = x
        made: Tensor = torch.tanh(self.picture(x))
        return made


class Layer(nn.Sequential):
    """Convolution, batch norm, LeakyReLU; spectral norm, where it is wanted, is on top of batch norm, as in the paper."""

    def __init__(self, spectral: bool, above: int, below: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        conv = wrapper(spectral)(nn.Conv2d(above, below, kernel, stride, padding, bias=False))
        super().__init__(conv, nn.BatchNorm2d(below), nn.LeakyReLU(SLOPE, inplace=True))


class Down(nn.Module):
    """Half the side, by a strided path and a pooled one, averaged."""

    def __init__(self, above: int, below: int, spectral: bool) -> None:
        super().__init__()
        self.strided = nn.Sequential(
            Layer(spectral, above, below, 4, 2, 1), Layer(spectral, below, below, 3, padding=1)
        )
        self.pooled = nn.Sequential(nn.AvgPool2d(2), Layer(spectral, above, below, 1))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h2 w2"]:
        """The mean of both paths."""
        mean: Tensor = (self.strided(x) + self.pooled(x)) / 2
        return mean


class Patches(nn.Module):
    """Logits of 5 x 5 overlapping patches, from a map of 8 px."""

    def __init__(self, above: int, classes: int, spectral: bool) -> None:
        super().__init__()
        self.features = Layer(spectral, above, above, 1)
        self.logits = wrapper(spectral)(nn.Conv2d(above, 1, 4, bias=False))
        self.projection = Projection(above, classes, wrapper(spectral))

    def forward(self, x: Float[Tensor, "n c 8 8"], label: Int[Tensor, " n"] | None) -> Float[Tensor, "n 25"]:
        """Logits: above 0 is real."""
        features = self.features(x)
        logits: Tensor = self.logits(features).flatten(1)
        if self.projection.embedding is not None:
            logits = logits + self.projection(features.mean((2, 3)), label)
        return logits


class Redraw(nn.Sequential):
    """A picture of 32 px in -1..1 from a map of 8 px."""

    def __init__(self, above: int, recipe: GanRecipe) -> None:
        super().__init__(
            Reduce(8),
            Up(above, 4 * recipe.width),
            Up(4 * recipe.width, 2 * recipe.width),
            nn.Conv2d(2 * recipe.width, recipe.channels, 3, padding=1),
            nn.Tanh(),
        )


class FewShotDiscriminator(nn.Module):
    """Pictures (n, channels, size, size) in -1..1 -> logits (n, 50): 25 patches at full size, 25 of the 32-px view.

    `redraw` is the self-supervision: what its features still know of real pictures.
    """

    def __init__(self, recipe: GanRecipe, classes: int) -> None:
        super().__init__()
        spectral = recipe.spectral_norm
        wrap = wrapper(spectral)
        self.stem = nn.Sequential(
            wrap(nn.Conv2d(recipe.channels, recipe.width, 3, padding=1)), nn.LeakyReLU(SLOPE, inplace=True)
        )
        sides = [recipe.size >> k for k in range(recipe.size.bit_length()) if recipe.size >> k >= 8]
        self.downs = nn.ModuleList(
            Down(width_at(a, recipe), width_at(b, recipe), spectral) for a, b in itertools.pairwise(sides)
        )
        self.excitation = Excitation(width_at(sides[1], recipe), width_at(8, recipe), wrap)
        self.patches = Patches(width_at(8, recipe), classes, spectral)
        self.small = nn.Sequential(
            wrap(nn.Conv2d(recipe.channels, 2 * recipe.width, 4, 2, 1, bias=False)),
            nn.LeakyReLU(SLOPE, inplace=True),
            Down(2 * recipe.width, 8 * recipe.width, spectral),
        )
        self.small_patches = Patches(8 * recipe.width, classes, spectral)
        self.whole = Redraw(width_at(8, recipe), recipe)
        self.quarter = Redraw(width_at(16, recipe), recipe)
        self.apply(set_normal)

    def forward(
        self, x: Float[Tensor, "n c size size"], label: Int[Tensor, " n"] | None = None
    ) -> Float[Tensor, "n 50"]:
        """Logits: above 0 is real."""
        return self.judged(x, label)[0]

    def judged(
        self, x: Float[Tensor, "n c size size"], label: Int[Tensor, " n"] | None = None
    ) -> tuple[Float[Tensor, "n 50"], Float[Tensor, "n d 16 16"], Float[Tensor, "n e 8 8"]]:
        """Logits, and the maps of 16 and 8 px that pictures can be redrawn from."""
        maps = [self.stem(x)]
        for down in self.downs:
            maps.append(down(maps[-1]))
        last = self.excitation(maps[1], maps[-1])
        small = self.small(reduced(x, SMALL_VIEW))
        logits = torch.cat([self.patches(last, label), self.small_patches(small, label)], dim=1)
        return logits, maps[-2], last

    def reconstruction(
        self,
        x: Float[Tensor, "n c size size"],
        sixteen: Float[Tensor, "n d 16 16"],
        eight: Float[Tensor, "n e 8 8"],
        quadrant: int,
    ) -> Float[Tensor, ""]:
        """Mean |difference| of real pictures `x` and what is redrawn of them: the whole from the map of 8 px, and
        the quarter `quadrant` (0 to 3, in reading order) from that quarter of the map of 16 px.
        """
        half, top, left = x.shape[-1] // 2, quadrant // 2, quadrant % 2
        quarter = x[:, :, top * half : (top + 1) * half, left * half : (left + 1) * half]
        seen = sixteen[:, :, top * 8 : top * 8 + 8, left * 8 : left * 8 + 8]
        whole = F.l1_loss(self.whole(eight).float(), reduced(x, REDRAWN))
        part: Tensor = F.l1_loss(self.quarter(seen).float(), reduced(quarter, REDRAWN))
        return whole + part
