"""Base of all trainers: networks, Adam, the moving average, the learning rate's schedule, and all of it as tensors."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from core.networks import device as devices

RAMP = 0.05
"""The average's half-life is at most this share of the pictures seen so far, so that it leaves the first weights soon
(Karras et al. 2020, arXiv 1912.04958: their code's `ema_rampup`).
"""


class StepMetrics(Protocol):
    """Losses and the like of one step."""

    @property
    def step(self) -> int:
        """Its number, from 1."""

    @property
    def finite(self) -> bool:
        """Whether its losses are finite."""


M = TypeVar("M", bound=StepMetrics, covariant=True)


class Trainer(ABC, Generic[M]):
    """The state of a training and its step. The state alone decides how the training goes on: what a step draws is a
    function of (seed, step), see core.networks.seeded_random.
    """

    recipe: Any
    average: nn.Module
    """Exponential moving average of what is learnt, which is used in the end."""
    optimisers: Mapping[str, torch.optim.Adam]
    """By what their tensors' names begin with in a checkpoint."""
    network_names: ClassVar[Mapping[str, str]]
    """Attributes that are networks, by what their tensors' names begin with in a checkpoint."""

    def __init__(self, recipe: Any, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
        self.step = 0
        self.rate_factor = 1.0
        """What the rate is multiplied by, lowered when a training diverged."""
        self._bfloat16 = devices.dtype(recipe.precision, device) == torch.bfloat16

    def advance(self) -> M:
        """One step. The metrics are those of the step that ended."""
        return self.begin_step()()

    @abstractmethod
    def begin_step(self) -> Callable[[], M]:
        """One step, which a GPU may still be at; what comes back waits for it, and gives the step's metrics."""

    def set_rate(self, warm: int = 0) -> float:
        """Set and return the rate of the next step: it rises over `warm` steps, and falls to 0 over the last share
        `anneal` of all.
        """
        recipe = self.recipe
        left = 1 - self.step / recipe.steps
        falling = min(1.0, max(0.0, left) / recipe.anneal) if recipe.anneal else 1.0
        rising = min(1.0, (self.step + 1) / warm) if warm else 1.0
        rate: float = recipe.rate * self.rate_factor * min(rising, falling)
        for optimiser in self.optimisers.values():
            optimiser.param_groups[0]["lr"] = rate
        return rate

    def precision(self) -> contextlib.AbstractContextManager[Any]:
        """Automatic mixed precision, if the recipe asks for it."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16)

    def state(self) -> dict[str, Tensor]:
        """Every tensor that decides how the training goes on, by name, on the CPU."""
        tensors: dict[str, Tensor] = {}
        for prefix, name in self.network_names.items():
            tensors |= {f"{prefix}{key}": value for key, value in getattr(self, name).state_dict().items()}
        for prefix, optimiser in self.optimisers.items():
            tensors |= adam_tensors(optimiser, prefix)
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def restore(self, tensors: dict[str, Tensor], step: int, rate_factor: float) -> None:
        """Go on from a `state`. Raises KeyError, ValueError or RuntimeError if it is another network's."""
        for prefix, name in self.network_names.items():
            getattr(self, name).load_state_dict(tensors_under(tensors, prefix))
        for prefix, optimiser in self.optimisers.items():
            restore_adam(optimiser, tensors_under(tensors, prefix))
        self.step, self.rate_factor = step, rate_factor


def average_share(pictures: int, seen: int, half_life: float) -> float:
    """How far an average moves towards the weights after so many more pictures, of 0 to 1; half_life: in pictures."""
    half_life = min(half_life, RAMP * seen)
    return 1 - 0.5 ** (pictures / half_life) if half_life else 1.0


def tensors_under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, by the rest of their names."""
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
