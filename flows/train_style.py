"""Flow `train-style`: train a network that paints in one pass, in stretches, from a catalog to a network file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.stylize.train.train_spec import TrainStyleSpec
from core.stylize.train.training import training_on
from flows.bootstrap import nocturne_flow
from flows.training_flow import train_in_stretches


@nocturne_flow("train-style")
def train_style(spec: TrainStyleSpec) -> dict[str, Any]:
    """Train until the spec's steps are done, going on from the last checkpoint if there is one.

    Returns step, steps, the last figures, the best held-out loss, and the folder. Raises SpecError, RunBusy,
    NotFinite, StoreBroken.
    """
    return train_in_stretches(spec.rooted(Path.cwd()), training_on)
