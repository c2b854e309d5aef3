"""A small GAN's training on scikit-learn's digits, whose rows, checkpoints and evaluations come every few steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.gan.checkpoints.checkpoint import read_tensors
from core.gan.train.train_spec import TrainSpec
from core.gan.train.training import GanTraining
from core.training import loop


class Greys:
    """A feature network that tells pictures apart by their quarters' grey levels."""

    name, dims = "greys", 4

    def features(self, rgb: NDArray[np.uint8], tick: Any = None) -> NDArray[np.float32]:
        half = rgb.shape[1] // 2
        parts = [rgb[:, y : y + half, x : x + half].mean((1, 2, 3)) for y in (0, half) for x in (0, half)]
        return (np.stack(parts, 1) / 255).astype(np.float32)


def training(out: Path, steps: int = 12, **values: Any) -> GanTraining:
    """A training of a few seconds, as it stands in `out`."""
    recipe = {"size": 16, "width": 4, "batch": 4, "latent": 8, "steps": steps, **values.pop("recipe", {})}
    spec = TrainSpec.from_values(
        {"data": "digits", "out": str(out), "preset": "digits", "recipe": recipe, "threads": 1, "device": "cpu",
         "evaluate_pictures": 64, **values},
        "test",
    )  # fmt: skip
    return GanTraining(spec, lambda size: Greys())


def mark_every(row: int, checkpoint: int, evaluate: int) -> Any:
    """`new_plan` with these numbers of steps, however quick the machine."""
    new_plan = loop.new_plan

    def quick(*arguments: Any) -> Any:
        return replace(new_plan(*arguments), row_every=row, checkpoint_every=checkpoint, evaluate_every=evaluate)

    return quick


def run_out(made: GanTraining) -> GanTraining:
    while not made.run().finished:
        pass
    return made


def state(out: Path) -> dict[str, torch.Tensor]:
    newest = max((out / "checkpoints").glob("step-*.safetensors"))
    return read_tensors(newest)
