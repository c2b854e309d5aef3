"""Task `train_stretch`: train up to the next evaluation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.gan.training_duty import training_duty_of


@task(name="train_stretch", cache_policy=NO_CACHE)
def train_stretch(run: str) -> dict[str, Any]:
    """Train the run folder's network up to its next evaluation, or until it is to stop; it is saved either way.

    Returns step, steps, whether it is over or was stopped, the last figures, and the best KID. Raises NotFinite.
    """
    duty = training_duty_of(run)
    assert duty.training is not None
    told = len(duty.training.notes)
    stretch = duty.training.run(stop=duty.stop.is_set)
    for note in duty.training.notes[told:]:
        get_run_logger().warning(note)
    row = asdict(stretch.row) if stretch.row else {}
    get_run_logger().info("step %d of %d, KID %s", stretch.step, stretch.steps, row.get("kid"))
    return {
        "step": stretch.step,
        "steps": stretch.steps,
        "over": stretch.over,
        "stopped": stretch.stopped,
        "row": row,
        "best_kid": stretch.best_kid,
    }
