"""Flow `train-gan`: train a GAN in stretches, from pictures to checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.gan.train.train_spec import TrainSpec
from core.gan.train.training import training_on
from flows.bootstrap import nocturne_flow
from flows.training_flow import train_in_stretches


@nocturne_flow("train-gan")
def train_gan(spec: TrainSpec) -> dict[str, Any]:
    """Train until the spec's steps are done, going on from the last checkpoint if there is one.

    Returns step, steps, the last figures, the best KID, and the folder. Raises SpecError, RunBusy, NotFinite, StoreBroken.
    """
    return train_in_stretches(spec.rooted(Path.cwd()), training_on)
