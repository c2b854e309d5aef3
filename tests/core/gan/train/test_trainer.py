"""A step of training: bit-identical going on, accumulation, averages, penalties, and what it says of itself."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from core.gan.checkpoints.checkpoint import checkpoint_bytes, read_info, read_tensors
from core.gan.data.dataset import Dataset
from core.gan.networks.recipe import GanRecipe
from core.gan.train.trainer import GanTrainer

CPU = torch.device("cpu")
SMALL = GanRecipe(size=16, width=4, batch=4, steps=100, latent=8)
FULL = SMALL.changed(
    {"conditional": True, "augment": "signal", "r1": 1.0, "r1_every": 2, "accumulate": 2, "mirror": True, "anneal": 0.5}
)
FEW_SHOT = GanRecipe(
    architecture="few_shot", size=64, channels=3, width=4, latent=16, batch=2, loss="hinge", augment="size",
    spectral_norm=True, crop=0.9, steps=50,
)  # fmt: skip
RECIPES = {"plain": SMALL, "everything": FULL, "few_shot": FEW_SHOT, "mlp": GanRecipe(architecture="mlp", batch=4)}


def data_for(recipe: GanRecipe, count: int = 12) -> Dataset:
    side = round(recipe.size / recipe.crop)
    pixels = np.random.default_rng(0).integers(0, 256, (count, recipe.channels, side, side), dtype=np.uint8)
    return Dataset(pixels, np.arange(count) % 3, ("a", "b", "c"), tuple(map(str, range(count))), ())


def trainer_of(recipe: GanRecipe, steps: int = 0) -> GanTrainer:
    made = GanTrainer(recipe, data_for(recipe), CPU)
    for _ in range(steps):
        made.advance()
    return made


def assert_same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> None:
    assert one.keys() == two.keys()
    differing = [name for name in one if not torch.equal(one[name], two[name])]
    assert differing == []


@pytest.mark.parametrize("name", RECIPES)
def test_going_on_from_a_checkpoint_is_bit_identical_to_never_having_stopped(name: str, tmp_path: Any) -> None:
    recipe = RECIPES[name]
    straight = trainer_of(recipe, 6)
    half = trainer_of(recipe, 3)
    path = tmp_path / "half.safetensors"
    path.write_bytes(checkpoint_bytes(half.state(), recipe, half.step, ("a", "b", "c"), {}))
    torch.manual_seed(999)  # whatever else the process has drawn
    resumed = GanTrainer(recipe, data_for(recipe), CPU)
    resumed.restore(read_tensors(path), read_info(path).step, half.rate_factor)
    resumed.strength = half.strength
    told = [resumed.advance() for _ in range(3)]
    assert_same(resumed.state(), straight.state())
    assert told[-1].step == 6
    assert resumed.strength == straight.strength


def test_two_trainings_of_one_recipe_are_one_and_another_seed_is_another() -> None:
    assert_same(trainer_of(SMALL, 2).state(), trainer_of(SMALL, 2).state())
    other = trainer_of(SMALL.changed({"seed": 1}), 2).state()
    assert not torch.equal(trainer_of(SMALL, 2).state()["average.layers.0.weight"], other["average.layers.0.weight"])


def test_a_checkpoint_of_another_network_is_not_taken() -> None:
    wide = trainer_of(SMALL.changed({"width": 8}), 1)
    with pytest.raises(RuntimeError, match="size mismatch"):
        trainer_of(SMALL).restore(wide.state(), 1, 1.0)


def test_figures_tell_what_d_judged_rightly() -> None:
    found = list(itertools.islice((trainer.advance() for trainer in itertools.repeat(trainer_of(SMALL))), 12))
    assert [figures.step for figures in found] == list(range(1, 13))
    for figures in found:
        assert 0 <= figures.real_right <= 1
        assert 0 <= figures.fake_right <= 1
        assert figures.real_right * SMALL.batch == pytest.approx(round(figures.real_right * SMALL.batch))
    assert found[-1].d_loss < found[0].d_loss  # noise is told from smoothness soon


def test_the_rate_falls_over_the_last_share_of_the_steps() -> None:
    trainer = trainer_of(SMALL.changed({"steps": 10, "anneal": 0.5}))
    rates = [trainer.advance().rate for _ in range(10)]
    assert rates[:6] == pytest.approx([2e-4] * 6)
    assert rates[6:] == pytest.approx([1.6e-4, 1.2e-4, 0.8e-4, 0.4e-4])
    lowered = trainer_of(SMALL)
    lowered.rate_factor = 0.5
    assert lowered.advance().rate == pytest.approx(1e-4)


def test_the_average_lags_behind_by_its_half_life() -> None:
    recipe = SMALL.changed({"ema": 1e-6})  # so short that it is the generator itself
    trainer = trainer_of(recipe, 3)
    average, learned = trainer.average.state_dict(), trainer.generator.state_dict()
    for name, value in average.items():
        assert torch.allclose(value, learned[name]), name
    slow = trainer_of(SMALL.changed({"ema": 1e9}), 3)
    assert not torch.allclose(
        slow.average.state_dict()["layers.0.weight"], slow.generator.state_dict()["layers.0.weight"], atol=1e-6
    )
    assert not any(parameter.requires_grad for parameter in slow.average.parameters())


def test_accumulated_passes_are_averaged_not_summed() -> None:
    """With no batch norm and equal pictures, two passes of one picture each give the gradient of one pass of both."""
    base = {"architecture": "mlp", "size": 16, "ema": 0.0, "rate": 0.01, "latent": 8}
    one = trainer_of(GanRecipe(batch=8, accumulate=1, **base), 1)
    two = trainer_of(GanRecipe(batch=4, accumulate=2, **base), 1)
    for name, value in one.discriminator.state_dict().items():
        # Adam's first step is rate * sign(gradient), whatever its size: what differs is the noise alone
        assert (value - two.discriminator.state_dict()[name]).abs().max() <= 0.02 + 1e-6
    moments = [trainer.optimisers["adam_d."].state_dict()["state"][0]["exp_avg"].abs().mean() for trainer in (one, two)]
    assert float(moments[0] / moments[1]) == pytest.approx(1.0, abs=0.5)  # summed, it would be near 0.5


def test_the_gradient_penalty_holds_d_back() -> None:
    free, held = trainer_of(SMALL, 30), trainer_of(SMALL.changed({"r1": 100.0, "r1_every": 1}), 30)

    def slope(trainer: GanTrainer) -> float:
        x = torch.rand(8, 1, 16, 16, requires_grad=True)
        (gradient,) = torch.autograd.grad(trainer.discriminator(x).sum(), x)
        return gradient.square().sum((1, 2, 3)).mean().item()

    assert slope(held) < slope(free) / 2


def test_classes_are_learned_only_where_they_are_asked_for() -> None:
    plain, conditional = trainer_of(SMALL), trainer_of(SMALL.changed({"conditional": True}))
    assert (plain.classes, conditional.classes) == (0, 3)
    assert "generator.noise.classes" not in plain.state()
    first = conditional.state()["generator.layers.0.weight"]
    assert first.shape[0] == SMALL.latent + 3
