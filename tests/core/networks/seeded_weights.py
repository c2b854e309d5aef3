"""Seeded random weights in torchvision's key layout: the networks' own are not to be had without a download."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.networks import device
from core.networks.architecture import BACKBONES, Name
from core.networks.weights import Weights, digest_of

ZERO, ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def seeded_state(name: Name, seed: int = 0) -> dict[str, Tensor]:
    """Tensors that keep the size of activations about as it is, with batch norms that do something."""
    chance = device.generator(seed)
    return {key: _values(key, shape, chance) for key, shape in BACKBONES[name].shapes.items()}


def seeded(name: Name, seed: int = 0) -> Weights:
    """Weights of them, for RGB as it is."""
    state = seeded_state(name, seed)
    return Weights("seeded", digest_of(state, ZERO, ONE), state, ZERO, ONE, name)


def _values(key: str, shape: tuple[int, ...], chance: torch.Generator) -> Tensor:
    noise = torch.randn(shape, generator=chance)
    if len(shape) == 4:
        return noise * math.sqrt(2 / math.prod(shape[1:]))
    if key.endswith("running_var"):
        return 1 + noise.abs()
    return (0.7 if key.endswith("weight") else 0.0) + 0.1 * noise
