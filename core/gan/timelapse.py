"""The grid of samples that shows how a training goes: the same seeds each time, and all of them as a film."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core import draws
from core.gan import latents
from core.gan.sampler import rgb
from core.gan.trainer import Trainer

U8 = NDArray[np.uint8]

SHOWN = 64
"""Samples in the grid."""
WIDEST = 1024
"""Side in pixels that a grid of small pictures is enlarged to, by whole factors."""
FRAME_MS, LAST_MS = 150, 2_000
LONGEST_FILM = 120
"""Frames; a longer training is thinned."""
BATCH = 50
"""Samples in one call of the network."""


def evaluation_noise(
    trainer: Trainer, count: int
) -> tuple[Float[Tensor, "count latent"], Int[Tensor, " count"] | None]:
    """z and classes for `count` samples of an evaluation: always the same, and unrelated to what training draws."""
    z = torch.randn(count, trainer.recipe.latent, generator=draws.generator(trainer.recipe.seed, "evaluation"))
    return z, torch.arange(count) % trainer.classes if trainer.classes else None


def shown_noise(trainer: Trainer) -> tuple[Float[Tensor, "64 latent"], Int[Tensor, " 64"] | None]:
    """z and classes of the grid: those of the seeds 0 to 63, as sampling draws them, rows of one class if there are any."""
    z = torch.stack([latents.latent(seed, trainer.recipe.latent) for seed in range(SHOWN)])
    rows = math.isqrt(SHOWN)
    return z, torch.arange(SHOWN) // rows % trainer.classes if trainer.classes else None


@torch.no_grad()
def drawn(trainer: Trainer, z: Float[Tensor, "n latent"], label: Int[Tensor, " n"] | None) -> U8:
    """Pictures (n, size, size, 3) of the averaged generator, in float32."""
    found = []
    for first in range(0, len(z), BATCH):
        part = slice(first, first + BATCH)
        classes = None if label is None else label[part].to(trainer.device)
        found.append(rgb(trainer.average(z[part].to(trainer.device), classes)))
    return np.concatenate(found)


def grid(pictures: U8) -> U8:
    """Pictures (n, h, w, 3) side by side in a square of rows, from the top left, on white where one is missing."""
    count, height, width = pictures.shape[:3]
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * columns, height, width, 3), 255, np.uint8)
    sheet[:count] = pictures
    laid = sheet.reshape(rows, columns, height, width, 3).transpose(0, 2, 1, 3, 4)
    return laid.reshape(rows * height, columns * width, 3)


def grid_png(pictures: U8) -> bytes:
    """The grid as PNG, small pictures enlarged so that they can be seen."""
    sheet = Image.fromarray(grid(pictures))
    factor = max(1, WIDEST // max(sheet.size))
    sink = io.BytesIO()
    sheet.resize((sheet.width * factor, sheet.height * factor), Image.Resampling.NEAREST).save(sink, "PNG")
    return sink.getvalue()


def film(grids: Sequence[bytes]) -> bytes:
    """Grids, PNG each, one after the other as an animated WebP; the last one stays."""
    step = max(1, math.ceil(len(grids) / LONGEST_FILM))
    chosen = [*grids[:-1:step], grids[-1]]
    frames = [Image.open(io.BytesIO(png)).convert("RGB") for png in chosen]
    sink = io.BytesIO()
    times = [FRAME_MS] * (len(frames) - 1) + [LAST_MS]
    frames[0].save(sink, "WEBP", save_all=True, append_images=frames[1:], duration=times, loop=0, quality=80, method=2)
    return sink.getvalue()
