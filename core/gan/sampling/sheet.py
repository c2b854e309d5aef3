"""Sheets of samples: many on one picture, side by side or interpolated between four latents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.gan.sampling.latents import slerp
from core.gan.sampling.sampler import U8, Sampler

GAP = 2
"""Pixels between two samples."""

GROUND = 16
"""Grey level between them."""


def between(corners: Float[Tensor, "4 latent"], rows: int, columns: int) -> Float[Tensor, "cells latent"]:
    """A grid of latents between four: `corners` are top left, top right, bottom left, bottom right.

    Bilinear on the sphere: slerp along the top and the bottom edge, then between those two.
    """
    top_left, top_right, bottom_left, bottom_right = corners
    cells = []
    for row in range(rows):
        for column in range(columns):
            across, down = _share(column, columns), _share(row, rows)
            top, bottom = slerp(top_left, top_right, across), slerp(bottom_left, bottom_right, across)
            cells.append(slerp(top, bottom, down))
    return torch.stack(cells)


def latent_sheet(sampler: Sampler, seeds: Sequence[int], rows: int, columns: int) -> U8:
    """A sheet (height, width, 3) of the latent space between four seeds; each cell has the class of the nearest one."""
    latents = between(torch.stack([sampler.latent(seed) for seed in seeds]), rows, columns)
    nearest = [
        2 * (_share(row, rows) > 0.5) + (_share(column, columns) > 0.5)
        for row in range(rows)
        for column in range(columns)
    ]
    return tiled(sampler.draw(latents, [sampler.label(seeds[corner]) for corner in nearest]), columns)


def tiled(pictures: U8, columns: int) -> U8:
    """Pictures (n, size, size, 3) in rows of `columns` on one (height, width, 3), with GAP between them."""
    size = pictures.shape[1]
    rows = -(-len(pictures) // columns)
    pitch = size + GAP
    sheet = np.full((rows * pitch - GAP, columns * pitch - GAP, 3), GROUND, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * pitch, place % columns * pitch
        sheet[top : top + size, left : left + size] = picture
    return sheet


def _share(place: int, count: int) -> float:
    return place / (count - 1) if count > 1 else 0.0
