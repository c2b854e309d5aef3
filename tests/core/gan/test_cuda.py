"""GANs on a GPU, where there is one: a step of every architecture, determinism, and lanes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.gan.checkpoints.checkpoint import checkpoint_bytes
from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling.sampler import Sampler
from core.gan.train.trainer import GanTrainer
from tests.core.gan.train.test_trainer import RECIPES, data_for
from tests.needs import needs_cuda

pytestmark = needs_cuda


@pytest.mark.parametrize("name", RECIPES)
def test_training_on_cuda_repeats_itself_and_samples_do_not_know_their_neighbours(name: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    recipe, device = RECIPES[name], torch.device("cuda")
    states = []
    for _ in range(2):
        trainer = GanTrainer(recipe, data_for(recipe), device)
        for _ in range(4):
            figures = trainer.advance()
        assert np.isfinite([figures.d_loss, figures.g_loss]).all()
        states.append(trainer.state())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    path = tmp_path / "net.safetensors"
    path.write_bytes(checkpoint_bytes(states[0], recipe, 4, ("a", "b", "c"), {}))
    sampler = Sampler(path, device, SampleRecipe())
    together = sampler.sample(range(12))
    assert (sampler.sample([7])[0] == together[7]).all()
