"""Style transfer by optimising the pixels of one picture (Gatys et al. 2016), coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core import device as devices
from core.backbone import Backbone
from core.errors import NotFinite
from core.recipe import Recipe
from core.stylize.frequency import FrequencyScaling
from core.stylize.lbfgs import LBFGS
from core.stylize.losses import Loss, total
from core.stylize.scales import levels, resized, shrunk
from core.stylize.targets import StyleTargets, content_losses, style_losses


@dataclass(frozen=True)
class Step:
    """Where an optimisation stands: `step` of `steps` network passes are done, the last with this loss.

    `picture` makes the picture that has this loss, (3, h, w) at the size of this step, RGB in [0, 1].
    """

    step: int
    steps: int
    loss: float
    picture: Callable[[], Tensor]


@dataclass(frozen=True)
class Result:
    """A finished picture (3, h, w), RGB in [0, 1], on the CPU, and the loss at every step, coarse sizes
    first.
    """

    image: Tensor
    losses: list[float]


OnStep = Callable[[Step], None]


def stylise(
    content: Tensor,
    style: StyleTargets,
    recipe: Recipe,
    seed: int,
    backbone: Backbone,
    on_step: OnStep | None = None,
) -> Result:
    """Paint the content in the style: minimise content and style loss over the pixels.

    content: (3, h, w), RGB in [0, 1], at least 1x1, on the backbone's device. `seed` draws the noise of the
    start, where the recipe has any. `on_step` is called after every pass and may raise to abandon the
    picture. Raises NotFinite if the loss diverges.
    """
    scales = levels(recipe, *content.shape[1:])
    history = _History(recipe.steps + recipe.coarse_steps * (len(scales) - 1), on_step)
    image = _start(shrunk(content, scales[0]), recipe, seed)
    for level in scales:
        asset = shrunk(content, level)
        image = _with_detail(image, asset, content, level, recipe)
        losses = content_losses(asset, recipe, backbone) + style_losses(style.scales[level], recipe)
        image = _descend(image, losses, recipe, level, backbone, history)
    return Result(image.clamp(0, 1).cpu(), history.losses)


class _History:
    """Records the loss of every pass, refuses what is not finite, and tells whoever listens."""

    def __init__(self, steps: int, on_step: OnStep | None) -> None:
        self.steps, self.on_step = steps, on_step
        self.losses: list[float] = []

    def add(self, loss: float, picture: Tensor) -> None:
        self.losses.append(loss)
        if not math.isfinite(loss):
            raise NotFinite(
                f"The loss became {loss} at step {len(self.losses)} of {self.steps}; "
                "lower style_weight or content_weight, or take the preset's own."
            )
        if self.on_step:
            self.on_step(Step(len(self.losses), self.steps, loss, lambda: picture.clamp(0, 1)))


def _start(asset: Tensor, recipe: Recipe, seed: int) -> Tensor:
    """The first picture: the asset, or grey, with as much noise as the recipe says; the noise hangs on seed
    and size.
    """
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
    return grown + asset - resized(shrunk(content, level + 1), asset.shape[1:])


def _descend(
    image: Tensor, losses: Sequence[Loss], recipe: Recipe, level: int, backbone: Backbone, history: _History
) -> Tensor:
    """L-BFGS from `image` in scaled frequencies; the best picture on the way, not clamped."""
    scaling = FrequencyScaling(image.shape[1], image.shape[2], recipe.low_frequencies, image.device)
    search, u, x = LBFGS(), torch.zeros(image.numel(), device=image.device), image
    best, least = image, math.inf
    for _ in range(recipe.coarse_steps if level else recipe.steps):
        loss, gradient = _evaluate(x, losses, backbone)
        history.add(loss, x)
        if loss < least:
            best, least = x, loss
        u = search.next(u, loss, scaling(gradient).flatten())
        x = image + scaling(u.view_as(image))
    return best


def _evaluate(image: Tensor, losses: Sequence[Loss], backbone: Backbone) -> tuple[float, Tensor]:
    """Loss of the picture (3, h, w), and its gradient of the same shape."""
    x = image.detach().unsqueeze(0).requires_grad_()
    loss = total(losses, backbone.features(x)).sum()
    (gradient,) = torch.autograd.grad(loss, x)
    return loss.item(), gradient[0]
