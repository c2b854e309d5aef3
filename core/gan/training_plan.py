"""What is settled once, when a training begins: the recipe, and every time as a number of steps."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import torch

from core.errors import SpecError
from core.gan.dataset import Dataset
from core.gan.recipe import GanRecipe
from core.gan.train_spec import TrainSpec
from core.gan.trainer import Trainer
from core.layout import printable

WARM_UP, TIMED = 3, 8
"""Steps that are thrown away, and timed, to learn this machine's speed."""

ROW_SECONDS = 10.0
"""About how much time a row of the figures covers."""


@dataclass(frozen=True)
class TrainingPlan:
    """What every stretch of a training follows."""

    recipe: dict[str, Any]
    data_digest: str
    row_every: int
    """Steps to a row of the figures."""
    checkpoint_every: int
    """Steps from one checkpoint to the next."""
    evaluate_every: int
    seconds_a_step: float
    """As it was measured when the training began."""
    hours: float | None = None


def settled(spec: TrainSpec, recipe: GanRecipe, data: Dataset, device: torch.device) -> TrainingPlan:
    """The plan of a new training: its steps are timed on a trainer that is thrown away."""
    seconds = seconds_a_step(recipe, data, device)
    if spec.hours is not None:
        recipe = recipe.changed({"steps": max(1, round(spec.hours * 3600 / seconds))})

    def steps(minutes: float) -> int:
        return max(1, min(recipe.steps, round(minutes * 60 / seconds)))

    return TrainingPlan(
        recipe.model_dump(mode="json"),
        data.digest,
        row_every=max(1, round(ROW_SECONDS / seconds)),
        checkpoint_every=steps(spec.checkpoint_minutes),
        evaluate_every=steps(spec.evaluate_minutes),
        seconds_a_step=seconds,
        hours=spec.hours,
    )


def seconds_a_step(recipe: GanRecipe, data: Dataset, device: torch.device) -> float:
    """How long a step takes on this machine now."""
    trial = Trainer(recipe, data, device)
    for _ in range(WARM_UP):
        trial.advance()
    begun = time.perf_counter()
    for _ in range(TIMED):
        trial.advance()
    return (time.perf_counter() - begun) / TIMED


def agreed(plan: TrainingPlan, spec: TrainSpec, wanted: GanRecipe, data: Dataset) -> TrainingPlan:
    """The plan of a training that is gone on with: nothing but its number of steps may be another.

    Hours count when a training begins, and not again. Raises SpecError for another recipe or other data.
    """
    old = GanRecipe.model_validate(plan.recipe)
    if spec.hours is not None or not spec.steps_given:
        wanted = wanted.changed({"steps": old.steps})
    changed = [name for name in GanRecipe.model_fields if getattr(old, name) != getattr(wanted, name)]
    out = printable(str(spec.out))
    if changed not in ([], ["steps"]):
        raise SpecError(
            f"{out} holds a training with another recipe ({', '.join(changed)}); go on with the recipe it began with, or "
            "train into another --out."
        )
    if plan.data_digest != data.digest:
        raise SpecError(
            f"{printable(str(spec.data))} is not what the training in {out} began with (digest {data.digest}, was "
            f"{plan.data_digest}); put the pictures back, or train into another --out."
        )
    return replace(plan, recipe=wanted.model_dump(mode="json")) if changed else plan
