"""Plan of a training, made once when it begins: the recipe, and every time as a number of steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from core.config.base_recipe import RecipeModel
from core.errors import SpecError
from core.safe_text import printable
from core.training.spec import TrainingSpec

ROW_SECONDS = 10.0
"""About how much time a row of the metrics log covers."""


@dataclass(frozen=True)
class TrainingPlan:
    """Recipe and intervals that every stretch of a training follows."""

    recipe: dict[str, Any]
    data_digest: str
    row_every: int
    """Steps to a row of the metrics log."""
    checkpoint_every: int
    """Steps from one checkpoint to the next."""
    evaluate_every: int
    seconds_a_step: float
    """As it was measured when the training began."""
    hours: float | None = None


def new_plan(spec: TrainingSpec, recipe: RecipeModel, digest: str, seconds: float) -> TrainingPlan:
    """The plan of a new training on data of this digest, whose steps take so many seconds each."""
    total: int = recipe.steps  # type: ignore[attr-defined]
    if spec.hours is not None:
        total = max(1, round(spec.hours * 3600 / seconds))

    def steps(minutes: float) -> int:
        return max(1, min(total, round(minutes * 60 / seconds)))

    return TrainingPlan(
        {**recipe.model_dump(mode="json"), "steps": total},
        digest,
        row_every=max(1, round(ROW_SECONDS / seconds)),
        checkpoint_every=steps(spec.checkpoint_minutes),
        evaluate_every=steps(spec.evaluate_minutes),
        seconds_a_step=seconds,
        hours=spec.hours,
    )


def resumed_plan(plan: TrainingPlan, spec: TrainingSpec, recipe: RecipeModel, digest: str, source: str) -> TrainingPlan:
    """The plan of a training that is resumed: nothing but its number of steps may differ.

    Hours count when a training begins, and not again. source: where the data came from, for a message. Raises SpecError
    for another recipe or other data.
    """
    old, wanted = plan.recipe, recipe.model_dump(mode="json")
    if spec.hours is not None or not spec.steps_given:
        wanted["steps"] = old["steps"]
    changed = [name for name in wanted if old.get(name) != wanted[name]]
    out = printable(str(spec.out))
    if changed not in ([], ["steps"]):
        raise SpecError(
            f"{out} holds a training with another recipe ({', '.join(changed)})",
            "go on with the recipe it began with, or train into another --out.",
        )
    if plan.data_digest != digest:
        raise SpecError(
            f"{source} is not what the training in {out} began with (digest {digest}, was {plan.data_digest})",
            "put the pictures back, or train into another --out.",
        )
    return replace(plan, recipe=wanted) if changed else plan
