"""Task `train_stretch`: train up to the next evaluation."""

from __future__ import annotations

from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.training.session import session_of


@task(name="train_stretch", cache_policy=NO_CACHE)
def train_stretch(run: str) -> dict[str, Any]:
    """Train the run folder's network up to its next evaluation, or until it is to stop; it is saved either way.

    Returns step, steps, whether it is over or was stopped, the last figures, and the best score, `best_kid` of a GAN.
    Raises NotFinite.
    """
    session = session_of(run)
    training = session.training
    assert training is not None
    told = len(training.notes)
    stretch = training.run(stop=session.stop.is_set)
    for note in training.notes[told:]:
        get_run_logger().warning(note)
    record = training.record(stretch)
    score = record["row"].get(training.score)
    get_run_logger().info("step %d of %d, %s %s", stretch.step, stretch.steps, training.score_words, score)
    return record
