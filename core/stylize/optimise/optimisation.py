"""The optimisation of one picture, coarse to fine, as a coroutine that asks for losses and gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.errors import NotFinite
from core.networks import device as devices
from core.networks.delayed_read import DelayedRead
from core.stylize.images.pixels import resized
from core.stylize.optimise.adam import Adam
from core.stylize.optimise.batched.descent_request import DescentRequest, Tell
from core.stylize.optimise.frequency_scaling import FrequencyScaling
from core.stylize.optimise.lanes import LossAndGradient, LossRequest, Optimisation
from core.stylize.optimise.lbfgs import LBFGS, history_of
from core.stylize.optimise.losses import Loss
from core.stylize.optimise.scales import level_size, levels, shrunk
from core.stylize.optimise.tiles import tiles


@dataclass(frozen=True)
class OptimisationStep:
    """Where an optimisation stands: `step` of at most `steps` network passes are done, the last with this loss.

    `picture` makes the picture that has this loss, (3, h, w) at the size of this step, RGB in [0, 1].
    """

    step: int
    steps: int
    loss: float
    picture: Callable[[], Tensor]


class PictureRead(Protocol):
    """A picture that is on its way from a device, as DelayedRead is."""

    def take(self) -> Tensor:
        """The picture (3, h, w), RGB in [0, 1], on the CPU."""


@dataclass(frozen=True)
class Result:
    """A finished picture, and the loss at every step, coarse sizes first; `lanes`: the pictures that went through the
    network together at its full size, where the device decides how many.
    """

    made: Tensor | PictureRead
    losses: list[float]
    lanes: int | None = None

    @property
    def image(self) -> Tensor:
        """The picture (3, h, w), RGB in [0, 1], on the CPU, once it is there."""
        return self.made if isinstance(self.made, Tensor) else self.made.take()


OnStep = Callable[[OptimisationStep], None]
Descend = Callable[[Tensor, Sequence[Loss], Recipe, int, Tell], Generator[Any, Any, Tensor]]
"""Walks a picture down by a number of steps; returns the best one."""
LossesAt = Callable[[int, Tensor], Sequence[Loss]]
"""The losses to minimise at a level, given the asset (3, h, w) at that level's size."""


def optimise_picture(
    content: Tensor,
    losses_at: LossesAt,
    recipe: Recipe,
    seed: int,
    on_step: OnStep | None = None,
    start: Tensor | None = None,
    descend: Descend | None = None,
) -> Generator[Any, Any, Result]:
    """Paint one picture; see `core.stylize.optimise.optimise.OptimisationRequest`. `descend` makes the descent at each size,
    in place of steps that ask for one loss after another. Raises NotFinite if the loss diverges.
    """
    descend = descend or _descent
    scales = levels(recipe, *content.shape[1:])
    sizes = {level: level_size(recipe, level, content.shape[1], content.shape[2]) for level in scales}
    history = _History(sum(recipe.steps_at(level, w, h) for level, (h, w) in sizes.items()), on_step)
    image = _start(shrunk(content, recipe, scales[0]), recipe, seed) if start is None else start
    for level in scales:
        asset = shrunk(content, recipe, level)
        image = _with_detail(image, asset, content, level, recipe)
        steps = recipe.steps_at(level, image.shape[2], image.shape[1])
        image = yield from descend(image, losses_at(level, asset), recipe, steps, history.add)
    return Result(DelayedRead(image.clamp(0, 1)) if image.is_cuda else image.clamp(0, 1).cpu(), history.losses)


class _History:
    """Records the loss of every pass, refuses what is not finite, and tells whoever listens."""

    def __init__(self, steps: int, on_step: OnStep | None) -> None:
        self.steps, self.on_step = steps, on_step
        self.losses: list[float] = []

    def add(self, loss: float, picture: Callable[[], Tensor]) -> None:
        """Take the loss of a pass over a picture (3, h, w). Raises NotFinite."""
        self.losses.append(loss)
        if not math.isfinite(loss):
            raise NotFinite(
                f"The loss became {loss} at step {len(self.losses)} of {self.steps}",
                "lower style_weight or content_weight, or take the preset's own.",
            )
        if self.on_step:
            self.on_step(OptimisationStep(len(self.losses), self.steps, loss, lambda: picture().clamp(0, 1).cpu()))


def _start(asset: Tensor, recipe: Recipe, seed: int) -> Tensor:
    """The first picture: the asset, or grey, with as much noise as the recipe says; a function of seed and size."""
    noise = torch.randn(asset.shape, generator=devices.generator(seed)).to(asset)
    base = asset if recipe.init == "content" else torch.full_like(asset, 0.5)
    amount = recipe.start_noise if recipe.init == "content" else 0.2
    return base + amount * noise


def _with_detail(image: Tensor, asset: Tensor, content: Tensor, level: int, recipe: Recipe) -> Tensor:
    """The coarser result at the asset's size, with the detail that the coarser asset had lost."""
    if image.shape == asset.shape:
        return image
    grown = resized(image, asset.shape[1:])
    if recipe.init == "noise":
        return grown
    return grown + asset - resized(shrunk(content, recipe, level + 1), asset.shape[1:])


def _descent(image: Tensor, losses: Sequence[Loss], recipe: Recipe, steps: int, tell: Tell) -> Optimisation[Tensor]:
    """Steps from `image` in scaled frequencies. Returns L-BFGS's best picture on the way, or Adam's average."""
    scaling = FrequencyScaling(image.shape[1], image.shape[2], recipe.low_frequencies, image.device)
    parts = tiles(recipe, *image.shape[1:])
    search = LBFGS(history_of(image.numel())) if recipe.optimiser == "lbfgs" else Adam(recipe.rate)
    u, x = torch.zeros(image.numel(), device=image.device), image
    plateau = _Plateau(recipe)
    best = u  # not the picture of it: a large one is much to hold through a pass
    for _ in range(steps):
        answer: LossAndGradient = yield LossRequest(x, losses, parts)
        loss, gradient = answer.loss, scaling(answer.gradient).flatten()
        del answer  # a large picture's gradient is not held through the next pass
        tell(loss, _always(x))
        if loss < plateau.least:
            best = u
        if plateau.reached(loss):
            break
        u = search.next(u, loss, gradient)
        del gradient
        x = image + scaling(u.view_as(image))
    average = search.result() if isinstance(search, Adam) else None
    del search, u, x  # nor is what the steps needed, while the last picture is made
    return image + scaling((best if average is None else average).view_as(image))


def _always(picture: Tensor) -> Callable[[], Tensor]:
    return lambda: picture


def batched_descent(each_step: bool) -> Descend:
    """A descent that is asked for as a whole, of whoever walks several pictures at once; tiles and Adam go step by step."""

    def descend(
        image: Tensor, losses: Sequence[Loss], recipe: Recipe, steps: int, tell: Tell
    ) -> Generator[Any, Any, Tensor]:
        if recipe.optimiser != "lbfgs" or tiles(recipe, *image.shape[1:]):
            return (yield from _descent(image, losses, recipe, steps, tell))
        best: Tensor = yield DescentRequest(image, losses, recipe, steps, tell, each_step)
        return best

    return descend


class _Plateau:
    """Notices that the loss has not come down for a while, or, where a picture is polished, that it is low enough."""

    def __init__(self, recipe: Recipe) -> None:
        self._enough = recipe.polish_to if recipe.method == "polish" else 0.0
        self._patience, self._tolerance = recipe.patience, recipe.tolerance
        self.least = math.inf
        self._leasts: list[float] = []

    def reached(self, loss: float) -> bool:
        """Take the loss of a pass; whether the least one is enough, or fell too little within `patience` passes."""
        self.least = min(self.least, loss)
        if self.least <= self._enough:
            return True
        self._leasts.append(self.least)
        if not self._patience or len(self._leasts) <= self._patience:
            return False
        return self.least > (1 - self._tolerance) * self._leasts[-1 - self._patience]
