"""Trainings that an earlier version left half done: they are gone on with, to the same tensors where the engine is one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.config.base_spec import placed, read_toml
from core.gan.checkpoints import checkpoint
from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling.sampler import Sampler
from core.gan.train.train_spec import TrainSpec
from core.gan.train.training import GanTraining
from core.networks import device as devices
from core.stylize.feedforward import transfer_file
from core.stylize.train.train_spec import TrainStyleSpec
from core.stylize.train.training import TransferTraining
from tests.compatibility.conftest import OldStudio
from tests.compatibility.make_data import tensors_sha256
from tests.core.gan.train.small_training import Greys

READ_INFO: dict[str, Callable[[Path], Any]] = {"gan": checkpoint.read_info, "style": transfer_file.read_info}


def taken_up(old: OldStudio, name: str) -> Any:
    """The training in the folder of this name, which keeps all checkpoints from now on."""
    kind: type[Any] = {"gan": TrainSpec, "style": TrainStyleSpec}[name]
    spec = kind.from_values(
        {**placed(read_toml(old.run(name) / "train.toml"), old.run(name), kind), "keep": 100}, "test"
    )
    return GanTraining(spec, lambda size: Greys()) if name == "gan" else TransferTraining(spec)


def latest(run: Path) -> Path:
    return max(run.glob("checkpoints/step-*.safetensors"))


@pytest.mark.parametrize("name", ["gan", "style"])
def test_a_training_goes_on_where_it_stood(old: OldStudio, name: str) -> None:
    run, next_steps = old.run(name), old.expected["next_steps"][name]
    before, lines = READ_INFO[name](latest(run)), (run / "figures.csv").read_text().splitlines()
    plan = json.loads((run / "training.json").read_text())
    training = taken_up(old, name)
    assert (training.trainer.step, training.notes) == (before.step, training.notes)
    training.run(int(max(next_steps)[5:14]) - before.step)
    assert json.loads((run / "training.json").read_text()) == plan
    assert (run / "figures.csv").read_text().splitlines()[:2] == lines[:2]
    after = READ_INFO[name](latest(run))
    assert after.path.name == max(next_steps)
    made = {path: tensors_sha256(run / "checkpoints" / path) for path in next_steps}
    if before.training["engine"] == devices.engine_name(training.device):
        assert made == next_steps


def test_a_best_checkpoint_says_what_it_did(old: OldStudio) -> None:
    best = checkpoint.read_info(old.run("gan") / "checkpoints/best.safetensors")
    assert best.classes == ("even", "odd")
    assert taken_up(old, "gan").progress.best == best.training["kid"]


def test_an_exported_network_draws_what_it_drew(old: OldStudio) -> None:
    sampler = Sampler(old.root / "gan.safetensors", torch.device("cpu"), SampleRecipe())
    rows = old.rows("samples")
    drawn = sampler.sample([row["seed"] for row in rows]).astype(int)
    before = [np.asarray(Image.open(old.run("samples") / "outputs" / row["output"]).convert("RGB")) for row in rows]
    assert [row["weights"] for row in rows] == [sampler.info.digest] * len(rows)
    assert abs(drawn - np.stack(before)).max() <= 1  # another engine may round otherwise
