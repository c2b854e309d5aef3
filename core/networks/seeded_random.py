"""Random draws of a training as pure functions of (seed, step, part): no generator state to save or restore.

A training that is killed and resumed, or read by another number of threads, draws what one never killed would have drawn.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

Purpose = Literal[
    "weights", "order", "noise", "labels", "crop", "augment", "evaluation", "sample", "quadrant", "style", "artwork"
]


def generator(seed: int, purpose: Purpose, step: int = 0, part: int = 0) -> torch.Generator:
    """A generator on the CPU for one purpose in one step: two that differ in any argument are unrelated."""
    digest = hashlib.sha256(f"{purpose}:{seed}:{step}:{part}".encode()).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest[:8], "little") >> 1)


@functools.lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> Tensor:
    return torch.randperm(count, generator=generator(seed, "order", epoch))


def indices(seed: int, first: int, length: int, count: int) -> Int[Tensor, " length"]:
    """Which of `count` pictures are the `first`-th and following ones that training sees.

    Each epoch is its own permutation; a batch may run from one into the next.
    """
    found = []
    while length:
        epoch, place = divmod(first, count)
        taken = _order(seed, epoch, count)[place : place + length]
        found.append(taken)
        first, length = first + len(taken), length - len(taken)
    return torch.cat(found)


def noise(seed: int, step: int, part: int, count: int, latent: int) -> Float[Tensor, "count latent"]:
    """z from N(0, 1)."""
    return torch.randn(count, latent, generator=generator(seed, "noise", step, part))


def labels(seed: int, step: int, part: int, count: int, of: Int[Tensor, " n"] | None) -> Int[Tensor, " count"] | None:
    """Classes of the pictures to be made, each as likely as it is among the data's labels `of`; None if there are none."""
    if of is None:
        return None
    return of[torch.randint(len(of), (count,), generator=generator(seed, "labels", step, part))]
