"""Choice of a recipe for `quality` or `seconds_per_picture`, by the cost model; made once and kept in the plan.

What is chosen depends on learned cost and on taste; were it chosen again each night, a run's pictures would be made again
whenever the machine seemed a little slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.config.base_spec import as_spec_error
from core.config.presets import PRESETS, QUALITIES
from core.config.recipe import Recipe, RecipeOverrides
from core.config.spec import Spec
from core.planning.cost_model import CostModel, picture_seconds
from core.planning.file_digests import MeasuredFile

SHARES = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25)
"""Shares of a preset's steps between which a time decides. They are few, so that machines that differ little agree."""

UNKNOWN_SIZE = (1024, 1024)
"""Width and height that are taken where no asset of a library can be read."""


class RecipeChoice(BaseModel):
    """What was chosen, for what, and what was predicted then. `recipe` is without the spec's own changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    asked: dict[str, Any]
    preset: Literal[tuple(PRESETS)]  # type: ignore[valid-type]
    recipe: Recipe
    seconds: float = Field(gt=0)
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    day: date = Field(default_factory=lambda: datetime.now(UTC).date())

    def applied(self, spec: Spec) -> Spec:
        """The spec with this recipe in place of its question, and its own changes upon it. Raises SpecError."""
        recipe = RecipeOverrides.model_validate(_changed(self.recipe, spec).model_dump())
        return spec.model_copy(
            update={"preset": self.preset, "quality": None, "seconds_per_picture": None, "recipe": recipe}
        )

    def words(self) -> str:
        """The recipe in a few words, such as `preset best with steps = 40`."""
        preset = PRESETS[self.preset]
        fields = [name for name in Recipe.model_fields if getattr(self.recipe, name) != getattr(preset, name)]
        changed = ", ".join(f"{name} = {getattr(self.recipe, name)}" for name in fields)
        return f"preset {self.preset}" + (f" with {changed}" if changed else "")

    def predicted(self) -> str:
        """What was predicted of it, in words."""
        return f"predicted {self.seconds:.2g} s for the library's median picture, {self.width} x {self.height}"


def request_of(spec: Spec) -> dict[str, Any] | None:
    """What a spec leaves to be chosen; None if it leaves nothing. What a time buys depends on the spec's own changes."""
    if spec.quality is not None:
        return {"quality": spec.quality}
    if spec.seconds_per_picture is None:
        return None
    own = spec.recipe.model_dump(mode="json", exclude_none=True)  # type: ignore[attr-defined]
    return {"seconds_per_picture": spec.seconds_per_picture, "recipe": own}


def request_text(asked: dict[str, Any]) -> str:
    """What was asked for, in words, such as `quality good`."""
    name = next(iter(asked))
    value = asked[name]
    return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"


def choose_recipe(spec: Spec, cost: CostModel, width: int, height: int) -> RecipeChoice:
    """The recipe for what the spec asks, on a machine of this speed, for a picture of this size. A time that no recipe
    keeps gets the quickest one. Raises SpecError if the spec's own changes fit no recipe.
    """
    asked = request_of(spec)
    assert asked is not None, "a spec that asks for nothing has its preset"

    def made(preset: str, recipe: Recipe) -> RecipeChoice:
        seconds = picture_seconds(cost, _changed(recipe, spec), width, height)
        return RecipeChoice(asked=asked, preset=preset, recipe=recipe, seconds=seconds, width=width, height=height)

    if spec.quality is not None:
        preset = QUALITIES[spec.quality]
        return made(preset, PRESETS[preset])
    rungs = [made(preset, recipe) for preset, recipe in _ladder(spec, cost, width, height)]
    return next((rung for rung in rungs if rung.seconds <= (spec.seconds_per_picture or 0.0)), rungs[-1])


def fits_request(choice: RecipeChoice) -> bool:
    """Whether the predicted time keeps to what was asked; it always does where no time was."""
    return choice.seconds <= float(choice.asked.get("seconds_per_picture", choice.seconds))


def median_size(assets: Sequence[MeasuredFile]) -> tuple[int, int]:
    """Width and height of the usable picture that has as many larger ones as smaller ones beside it."""
    sizes = sorted(
        ((found.width, found.height) for found in assets if not found.reason), key=lambda size: _order(*size)
    )
    return sizes[len(sizes) // 2] if sizes else UNKNOWN_SIZE


def _order(width: int, height: int) -> tuple[int, int]:
    return width * height, width


def _ladder(spec: Spec, cost: CostModel, width: int, height: int) -> Iterator[tuple[str, Recipe]]:
    """Recipes from the best-looking to the quickest: each quality's preset, then with fewer of its steps, as long as it
    still takes longer than the next one.
    """
    names = list(reversed(QUALITIES.values()))
    for name, following in zip(names, [*names[1:], None], strict=True):
        least = picture_seconds(cost, _changed(PRESETS[following], spec), width, height) if following else 0.0
        last = float("inf")
        for share in SHARES if following else SHARES[:1]:
            recipe = _shortened(PRESETS[name], share)
            seconds = picture_seconds(cost, _changed(recipe, spec), width, height)
            if share == 1.0 or least < seconds < last:
                yield name, recipe
            last = min(last, seconds)


def _shortened(recipe: Recipe, share: float) -> Recipe:
    fewer = {name: round(getattr(recipe, name) * share) for name in ("steps", "coarse_steps")}
    return recipe.changed({"steps": max(1, fewer["steps"]), "coarse_steps": fewer["coarse_steps"]})


def _changed(recipe: Recipe, spec: Spec) -> Recipe:
    """A recipe with the spec's own changes. Raises SpecError."""
    with as_spec_error("the recipe"):
        return recipe.changed(spec.recipe_changes)
