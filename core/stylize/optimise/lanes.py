"""Evaluations of several pictures in one call of the network, of a shape that is always the same.

A picture's optimisation is a coroutine that asks for a loss and a gradient, and is told them. Whoever drives it may put
questions of several pictures into one call: losses and steps stay each picture's own, so that its pixels do not depend on
its neighbours, nor on who takes the lane of one that is done. Calls have `lanes` pictures, always; spare lanes repeat one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from core.networks.backbone import Backbone
from core.stylize.optimise.losses import PIXELS, LayerFeatures, Loss, total
from core.stylize.optimise.tiles import Tile, tiled_loss


@dataclass(frozen=True)
class LossRequest:
    """A picture (3, h, w) whose loss is wanted."""

    picture: Tensor
    losses: Sequence[Loss]
    tiles: Sequence[Tile] = ()
    """Those that it is to be looked at in; none if whole."""


@dataclass(frozen=True)
class LossAndGradient:
    """Its loss, and the gradient (3, h, w)."""

    loss: float
    gradient: Tensor


R = TypeVar("R")
Optimisation = Generator[LossRequest, LossAndGradient, R]
"""Asks for losses, is sent answers, and returns its result."""


def evaluate(questions: Sequence[LossRequest], backbone: Backbone, lanes: int) -> list[LossAndGradient]:
    """Answers to at most `lanes` questions about pictures of one shape, by one call of the network."""
    if questions[0].tiles:
        return [LossAndGradient(*tiled_loss(each.picture, each.losses, each.tiles, backbone)) for each in questions]
    pictures = [question.picture.detach() for question in questions]
    x = torch.stack([*pictures, *pictures[:1] * (lanes - len(questions))]).requires_grad_()
    features = {**backbone.features(x), PIXELS: x}
    found = [_slopes(question.losses, features, lane) for lane, question in enumerate(questions)]
    gradient = _through_network(features, [slopes for _, slopes in found], x)
    return [LossAndGradient(loss, gradient[lane]) for lane, (loss, _) in enumerate(found)]


def _slopes(losses: Sequence[Loss], features: LayerFeatures, lane: int) -> tuple[float, dict[str, Tensor]]:
    """A lane's loss, and its slope in the features that it depends on, each (1, c, h, w).

    Cut out of the network's graph: autograd would else fill a batch with zeros for each lane and layer, a third of all time.
    """
    own = {layer: values.detach()[lane : lane + 1].requires_grad_() for layer, values in features.items()}
    loss = total(losses, own).sum()
    slopes = torch.autograd.grad(loss, list(own.values()), allow_unused=True)
    return float(loss.detach()), {layer: slope for layer, slope in zip(own, slopes, strict=True) if slope is not None}


def _through_network(features: LayerFeatures, slopes: Sequence[Mapping[str, Tensor]], x: Tensor) -> Tensor:
    """The gradient in the pictures x (lanes, 3, h, w) of losses with these slopes in their features; 0 in spare lanes."""
    wanted = [layer for layer in features if any(layer in each for each in slopes)]
    batches = [_batch([each.get(layer) for each in slopes], features[layer]) for layer in wanted]
    ends = [_Slope.apply(features[layer], batch) for layer, batch in zip(wanted, batches, strict=True)]
    (gradient,) = torch.autograd.grad(torch.stack(ends).sum(), x)
    return gradient


class _Slope(torch.autograd.Function):
    """Zero, whose gradient in its first input is the second. Gradients that autograd.grad itself is given cost half a
    second once: it imports sympy to compare their shapes.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, slope: Tensor) -> Tensor:
        ctx.slope = slope
        return features.new_zeros((), dtype=torch.float32)

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> tuple[Tensor, None]:
        return ctx.slope, None


def _batch(slopes: Sequence[Tensor | None], features: Tensor) -> Tensor:
    """Slopes (1, c, h, w) of the first lanes as one of all lanes (n, c, h, w), in the features' layout."""
    if len(features) == 1 and slopes[0] is not None:
        return slopes[0]
    batch = torch.zeros_like(features)
    for lane, slope in enumerate(slopes):
        if slope is not None:
            batch[lane : lane + 1] = slope
    return batch


def run_lanes(optimisations: Iterable[Optimisation[R]], backbone: Backbone, lanes: int) -> Iterator[tuple[int, R]]:
    """Run optimisations, up to `lanes` at a time, to their ends: (number, result) in the order in which they end.

    A lane whose picture is done is taken by the next picture at once. What an optimisation raises ends all.
    """
    waiting = enumerate(optimisations)
    asked: dict[int, tuple[Optimisation[R], LossRequest]] = {}
    while True:
        while len(asked) < lanes and (new := next(waiting, None)) is not None:
            number, optimisation = new
            asked[number] = optimisation, next(optimisation)
        if not asked:
            return
        group = _largest_group(asked)
        answers = evaluate([asked[number][1] for number in group], backbone, lanes)
        for number in group:
            optimisation = asked.pop(number)[0]
            try:  # popped, since nobody needs a gradient any more while the next one is computed
                asked[number] = optimisation, optimisation.send(answers.pop(0))
            except StopIteration as end:
                yield number, end.value


def _largest_group(asked: dict[int, tuple[Optimisation[R], LossRequest]]) -> list[int]:
    """Of the questions about pictures of one shape, the most; of equally many, those that were first to begin."""
    groups: dict[torch.Size, list[int]] = {}
    for number in sorted(asked):
        groups.setdefault(asked[number][1].picture.shape, []).append(number)
    return max(groups.values(), key=len)
