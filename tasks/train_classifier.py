"""Tasks of a classifier's training: `see_pictures` computes features, `fit_classifier` fits on them."""

from __future__ import annotations

from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from core.classifier.training import training_of


@task(name="see_pictures", task_run_name="pictures-{chunk}", cache_policy=NO_CACHE)
def see_pictures(run: str, chunk: int) -> int:
    """Compute and store the features of a chunk of the run folder's pictures. Returns how many pictures were read."""
    training = training_of(run)
    read = training.compute_features(chunk)
    for sentence in training.plain[chunk]:
        get_run_logger().warning(sentence)
    return read


@task(name="fit_classifier", cache_policy=NO_CACHE)
def fit_classifier(run: str) -> dict[str, Any]:
    """Learn, measure, and write the run folder's files. Returns the figures. Raises SpecError."""
    figures = training_of(run).finish()
    get_run_logger().info(
        "%.1f %% of held-out pictures right, calibration error %.1f %%",
        100 * figures["accuracy"],
        100 * figures["calibration_error"],
    )
    for fault in figures["faults"]:
        get_run_logger().warning(fault)
    return figures
