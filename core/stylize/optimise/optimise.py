"""Style transfer by optimising the pixels of pictures (Gatys et al. 2016), coarse to fine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from core.config.recipe import Recipe
from core.networks.backbone import Backbone
from core.stylize.optimise.lanes import Optimisation, run_lanes
from core.stylize.optimise.optimisation import OnStep, OptimisationStep, Result, optimise_picture
from core.stylize.optimise.targets import InRegions, Recall, Style, losses_at

__all__ = ["OnStep", "OptimisationRequest", "OptimisationStep", "Result", "stylise", "stylise_all"]


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
    requests: Iterable[OptimisationRequest], recipe: Recipe, backbone: Backbone
) -> Iterator[tuple[int, Result]]:
    """Paint pictures, `recipe.lanes` in one call of the network: (number, result) in the order in which they end.

    Each has the very pixels that it has alone. Raises NotFinite if one diverges.
    """
    return run_lanes((_begun(each, recipe, backbone) for each in requests), backbone, recipe.lanes)


def _begun(request: OptimisationRequest, recipe: Recipe, backbone: Backbone) -> Optimisation[Result]:
    style = request.style
    if isinstance(style, InRegions) and style.is_empty:  # one pass, for its loss: the asset stays
        recipe = recipe.changed({"steps": 1, "coarse_steps": 0})
    losses = losses_at(style, recipe, backbone, request.recall)
    return optimise_picture(request.content, losses, recipe, request.seed, request.on_step, request.start)
