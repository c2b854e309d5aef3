"""The packaged backbone and small pictures that need no file."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.networks.backbone import Backbone
from core.planning.jobs import Job
from core.stylize.feedforward.transfer_file import load
from core.stylize.feedforward.transfer_model import TransferModel
from core.stylize.jobs.backend import ScoredOutput, StylizeBackend
from core.stylize.optimise.optimise import OnStep
from core.stylize.optimise.recipe_backbone import for_recipe
from tests.core.stylize.networks import seeded_file

QUICK = Recipe(
    size=40,
    steps=6,
    low_frequencies=0.4,
    style_weight=2000.0,
    style_layers=("relu1_1", "relu2_1", "relu3_1"),
    content_layers=("relu3_1",),
    precision="float32",
)
"""A recipe that a test can afford."""


@pytest.fixture(scope="session")
def backbone() -> Backbone:
    """The packaged VGG-19 up to relu3_1, float32."""
    return for_recipe(QUICK, torch.device("cpu"))


def waves(height: int, width: int, across: float = 3.0, down: float = 2.0) -> Tensor:
    """A smooth colourful picture (3, h, w) in [0, 1], made by arithmetic alone."""
    y, x = torch.linspace(0, 1, height).view(-1, 1), torch.linspace(0, 1, width).view(1, -1)
    phases = [torch.sin(6.28 * (across * x + down * y + phase)) for phase in (0.0, 0.3, 0.6)]
    return torch.stack(phases) * 0.4 + 0.5


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> TransferModel:
    """A network of seeded random weights that knows two styles, float32."""
    path = tmp_path_factory.mktemp("model") / "net.safetensors"
    path.write_bytes(seeded_file(["a", "b"]))
    return load(path, torch.device("cpu"), "float32")


def finished(backend: StylizeBackend, job: Job, on_step: OnStep = lambda _: None) -> ScoredOutput:
    """One job's picture, made by itself and scored."""
    decoded = backend.decode(job)
    return backend.scored(job, decoded, backend.painted(job, decoded, on_step))
