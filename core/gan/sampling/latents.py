"""Latent vectors: one for each seed, and spherical interpolation between them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from core.networks import seeded_random

NEARLY_PARALLEL = 1e-4
"""Angle in radians under which two directions are one, and interpolation is linear."""


def latent(seed: int, length: int) -> Float[Tensor, " length"]:
    """z of a seed, from N(0, 1): a function of the seed and the length alone, on every device."""
    return torch.randn(length, generator=seeded_random.generator(seed, "sample"))


def label(seed: int, classes: int) -> int:
    """The class that a seed stands for where none is asked for: all alike likely."""
    return int(torch.randint(classes, (), generator=seeded_random.generator(seed, "sample", part=1)))


def slerp(start: Float[Tensor, "*n d"], end: Float[Tensor, "*n d"], share: float) -> Float[Tensor, "*n d"]:
    """Spherical interpolation (Shoemake 1985; for latents White 2016, arXiv 1609.04468): `start` at 0, `end` at 1.

    The path keeps to lengths that z has, which a straight line through the ball's empty middle does not.
    """
    cosine = torch.cosine_similarity(start, end, dim=-1).clamp(-1, 1).unsqueeze(-1)
    angle = torch.acos(cosine)
    sine = torch.sin(angle)
    straight = torch.lerp(start, end, share)
    curved = (torch.sin((1 - share) * angle) * start + torch.sin(share * angle) * end) / sine.clamp_min(1e-12)
    return torch.where(sine < NEARLY_PARALLEL, straight, curved)
