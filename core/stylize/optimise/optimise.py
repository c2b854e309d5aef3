"""Style transfer by optimising the pixels of pictures (Gatys et al. 2016), coarse to fine."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from core.config.recipe import Recipe
from core.errors import JobError
from core.networks.backbone import Backbone
from core.stylize.optimise.batched.lane_count import LaneCount
from core.stylize.optimise.batched.run_batches import BatchedRun, WalkStart
from core.stylize.optimise.lanes import run_lanes
from core.stylize.optimise.optimisation import (
    Descend,
    OnStep,
    OptimisationStep,
    Result,
    batched_descent,
    optimise_picture,
)
from core.stylize.optimise.targets import InRegions, Recall, Style, losses_at

__all__ = ["OnStep", "OptimisationRequest", "OptimisationStep", "Result", "batched", "stylise", "stylise_all"]


@dataclass(frozen=True)
class OptimisationRequest:
    """One picture to optimise: the asset (3, h, w), RGB in [0, 1], at least 1x1, on the backbone's device; the style, or one
    for each region; and the seed of the noise in the start, where the recipe has any. `on_step` is called after every
    pass, and may raise to abandon the picture. `recall` may keep what is made of the asset for the next style.
    """

    content: Tensor
    style: Style
    seed: int = 0
    on_step: OnStep | None = None
    recall: Recall = lambda _level, make: make()
    start: Tensor | None = None
    """A picture (3, h, w) of the asset's size to begin with in place of the asset or of noise."""
    each_step: bool = False
    """Whether `on_step` must be called as each pass ends, and not some passes later."""


def stylise(
    content: Tensor,
    style: Style,
    recipe: Recipe,
    seed: int,
    backbone: Backbone,
    on_step: OnStep | None = None,
    recall: Recall = lambda _level, make: make(),
) -> Result:
    """Paint one picture: minimise content and style loss over the pixels; arguments as in OptimisationRequest.

    Raises NotFinite if the loss diverges.
    """
    ((_, result),) = stylise_all([OptimisationRequest(content, style, seed, on_step, recall)], recipe, backbone)
    return result


def stylise_all(
    requests: Iterable[OptimisationRequest], recipe: Recipe, backbone: Backbone, lanes: LaneCount | None = None
) -> Iterator[tuple[int, Result]]:
    """Paint pictures, several in one call of the network: (number, result) in the order in which they end.

    `recipe.lanes` of them; but as many as `lanes` says if it is given. Each has the very pixels that it has alone. Raises
    NotFinite if one diverges.
    """
    if lanes is None:
        yield from run_lanes((_begun(each, recipe, backbone) for each in requests), backbone, recipe.lanes)
        return
    waiting = iter(requests)

    def take(_wait: bool) -> WalkStart[Result] | None:
        request = next(waiting, None)
        return None if request is None else batched(request, recipe, backbone, lanes)

    for number, end in BatchedRun(take, lanes).results():
        if isinstance(end, JobError):
            raise end
        yield number, end


def batched(request: OptimisationRequest, recipe: Recipe, backbone: Backbone, lanes: LaneCount) -> WalkStart[Result]:
    """How a picture is begun that is painted together with others, as many as `lanes` says."""

    def begin() -> Generator[Any, Any, Result]:
        result = yield from _begun(request, recipe, backbone, batched_descent(request.each_step))
        return replace(result, lanes=lanes.of(*request.content.shape[1:]))

    return WalkStart(begin, backbone)


def _begun(
    request: OptimisationRequest, recipe: Recipe, backbone: Backbone, descend: Descend | None = None
) -> Generator[Any, Any, Result]:
    style = request.style
    if isinstance(style, InRegions) and style.is_empty:  # one pass, for its loss: the asset stays
        recipe = recipe.changed({"steps": 1, "coarse_steps": 0})
    losses = losses_at(style, recipe, backbone, request.recall)
    return optimise_picture(request.content, losses, recipe, request.seed, request.on_step, request.start, descend)
