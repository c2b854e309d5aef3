"""Differentiable augmentation: what each change does, how often, and that gradients pass."""

from __future__ import annotations

import pytest
import torch

from core.gan.networks.recipe import GanRecipe
from core.gan.train.augment import LOOK_EVERY, Augmentation, Strength
from core.networks.seeded_random import generator


def _pictures(count: int = 64, channels: int = 3, side: int = 16) -> torch.Tensor:
    return torch.rand(count, channels, side, side, generator=generator(0, "noise")) * 2 - 1


def _changed(policy: str, x: torch.Tensor, p: float = 1.0, step: int = 0) -> torch.Tensor:
    return Augmentation(policy)(x, p, generator(0, "augment", step))


def test_without_strength_nothing_changes() -> None:
    x = _pictures()
    assert torch.equal(_changed("colour,translation,cutout", x, p=0.0), x)


def test_translation_moves_whole_pixels_and_leaves_grey_behind() -> None:
    x = _pictures(200)
    moved = _changed("translation", x)
    for before, after in zip(x, moved, strict=True):
        found = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3) if torch.equal(after, _shifted(before, dy, dx))]
        assert len(found) == 1  # of 16 px an eighth is 2
    assert len({float(picture.abs().sum()) for picture in moved}) > 150


def _shifted(picture: torch.Tensor, dy: int, dx: int) -> torch.Tensor:
    padded = torch.nn.functional.pad(picture, (2, 2, 2, 2))
    return padded[:, 2 - dy : 18 - dy, 2 - dx : 18 - dx]


def test_cutout_takes_at_most_a_quarter_of_the_area() -> None:
    x = torch.ones(300, 3, 16, 16)
    left = _changed("cutout", x).mean((1, 2, 3))
    assert left.min() >= 0.75
    assert left.max() < 1.0


def test_colour_keeps_forms_and_changes_each_picture_apart() -> None:
    x = torch.zeros(64, 3, 4, 4)
    shifted = _changed("colour", x).mean((1, 2, 3))
    assert shifted.abs().max() <= 0.5 * 1.5
    assert len(set(shifted.tolist())) == 64


def test_p_is_the_share_of_pictures_that_are_changed() -> None:
    x = _pictures(2_000)
    same = (_changed("translation", x, p=0.3) == x).flatten(1).all(1).float().mean().item()
    # a picture stays if neither axis moves: not chosen (0.7), or chosen and drawn as 0 (0.3 / 4)
    assert same == pytest.approx((0.7 + 0.3 / 4) ** 2, abs=0.04)


def test_gradients_pass_through_every_change() -> None:
    x = _pictures(4, side=8).double().requires_grad_()
    _changed("colour,translation,cutout", x).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert (x.grad != 0).any()


def test_draws_decide_and_nothing_else() -> None:
    x = _pictures()
    assert torch.equal(_changed("colour,translation,cutout", x), _changed("colour,translation,cutout", x))
    assert not torch.equal(_changed("colour,translation,cutout", x), _changed("colour,translation,cutout", x, step=1))


@pytest.mark.parametrize(("pictures", "p"), [(90, 1.0), (1_000, 1.0), (4_000, 0.25), (60_000, 1 / 60)])
def test_strength_by_the_size_of_the_data(pictures: int, p: float) -> None:
    assert Strength.of(GanRecipe(augment="size"), pictures).p == pytest.approx(p)
    assert Strength.of(GanRecipe(augment="none"), pictures).p == 0


def test_strength_follows_the_overfitting_signal() -> None:
    recipe = GanRecipe(augment="signal", batch=100)
    strength = Strength.of(recipe, 500)
    for _ in range(LOOK_EVERY * 10):
        strength.update(0.9, recipe)  # D is sure of its pictures
    assert strength.p == pytest.approx(10 * LOOK_EVERY * 100 / 100_000)
    risen = strength.p
    for _ in range(LOOK_EVERY * 3):
        strength.update(0.2, recipe)
    assert strength.p == pytest.approx(risen * 0.7)
    for _ in range(LOOK_EVERY - 1):
        strength.update(0.9, recipe)
    assert strength.p == pytest.approx(risen * 0.7)  # not before it has looked often enough
