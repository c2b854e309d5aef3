"""Evaluations of several pictures in one call of the network, of a shape that is always the same.

A picture's optimisation is a coroutine that asks for a loss and a gradient, and is told them. Whoever drives it may put
questions of several pictures into one call: losses and steps stay each picture's own, so that its pixels do not depend on
its neighbours, nor on who takes the lane of one that is done. Calls have `lanes` pictures, always; spare lanes repeat one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from core.backbone import Backbone
from core.stylize.losses import PIXELS, Loss, total
from core.stylize.tiles import Tile, tiled_loss


@dataclass(frozen=True)
class Question:
    """A picture (3, h, w) whose loss is wanted."""

    picture: Tensor
    losses: Sequence[Loss]
    tiles: Sequence[Tile] = ()
    """Those that it is to be looked at in; none if whole."""


@dataclass(frozen=True)
class Answer:
    """Its loss, and the gradient (3, h, w)."""

    loss: float
    gradient: Tensor


R = TypeVar("R")
Optimisation = Generator[Question, Answer, R]
"""Asks for losses, is sent answers, and returns its result."""


def evaluate(questions: Sequence[Question], backbone: Backbone, lanes: int) -> list[Answer]:
    """Answers to at most `lanes` questions about pictures of one shape, by one call of the network."""
    if questions[0].tiles:
        return [Answer(*tiled_loss(each.picture, each.losses, each.tiles, backbone)) for each in questions]
    spare = lanes - len(questions)
    pictures = [question.picture.detach() for question in questions]
    x = torch.stack([*pictures, *pictures[:1] * spare]).requires_grad_()
    features = {**backbone.features(x), PIXELS: x}
    found = [
        total(question.losses, {layer: values[lane : lane + 1] for layer, values in features.items()})
        for lane, question in enumerate(questions)
    ]
    (gradient,) = torch.autograd.grad(torch.cat(found).sum(), x)
    return [Answer(float(loss.detach()), gradient[lane]) for lane, loss in enumerate(found)]


def driven(optimisations: Iterable[Optimisation[R]], backbone: Backbone, lanes: int) -> Iterator[tuple[int, R]]:
    """Run optimisations, up to `lanes` at a time, to their ends: (number, result) in the order in which they end.

    A lane whose picture is done is taken by the next picture at once. What an optimisation raises ends all.
    """
    waiting = enumerate(optimisations)
    asked: dict[int, tuple[Optimisation[R], Question]] = {}
    while True:
        while len(asked) < lanes and (new := next(waiting, None)) is not None:
            number, optimisation = new
            asked[number] = optimisation, next(optimisation)
        if not asked:
            return
        group = _largest_group(asked)
        answers = evaluate([asked[number][1] for number in group], backbone, lanes)
        for number, answer in zip(group, answers, strict=True):
            optimisation = asked.pop(number)[0]
            try:
                asked[number] = optimisation, optimisation.send(answer)
            except StopIteration as end:
                yield number, end.value


def _largest_group(asked: dict[int, tuple[Optimisation[R], Question]]) -> list[int]:
    """Of the questions about pictures of one shape, the most; of equally many, those that were first to begin."""
    groups: dict[torch.Size, list[int]] = {}
    for number in sorted(asked):
        groups.setdefault(asked[number][1].picture.shape, []).append(number)
    return max(groups.values(), key=len)
