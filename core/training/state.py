"""What the states of all trainers have in common: tensors by name, Adam's moments, the share of a moving average."""

from __future__ import annotations

import torch
from torch import Tensor

RAMP = 0.05
"""The average's half-life is at most this share of the pictures seen so far, so that it leaves the first weights soon
(Karras et al. 2020, arXiv 1912.04958: their code's `ema_rampup`).
"""


def average_share(pictures: int, seen: int, half_life: float) -> float:
    """How far an average moves towards the weights after so many more pictures, of 0 to 1; half_life: in pictures."""
    half_life = min(half_life, RAMP * seen)
    return 1 - 0.5 ** (pictures / half_life) if half_life else 1.0


def below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def adam_tensors(optimiser: torch.optim.Adam, prefix: str) -> dict[str, Tensor]:
    """The moments and counters of an optimiser, by name."""
    states = optimiser.state_dict()["state"].items()
    return {f"{prefix}{index}.{key}": value for index, state in states for key, value in state.items()}


def restore_adam(optimiser: torch.optim.Adam, tensors: dict[str, Tensor]) -> None:
    """Give an optimiser the moments that `adam_tensors` named, without its prefix.

    They are laid out in memory as the parameters are: the fused step reads both in one sweep.
    """
    parameters = optimiser.param_groups[0]["params"]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, key = name.partition(".")
        like = parameters[int(index)]
        placed = torch.empty_like(like).copy_(value) if value.shape == like.shape else value.to(like.device)
        state.setdefault(int(index), {})[key] = placed
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
