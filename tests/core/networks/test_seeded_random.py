"""What is drawn is a function of (seed, step, part), and epochs deal every picture once."""

from __future__ import annotations

import numpy as np
import torch

from core.gan.data.batches import Batches, middle, scaled
from core.gan.data.dataset import Dataset
from core.gan.networks.recipe import GanRecipe
from core.networks import seeded_random


def _data(count: int = 10, side: int = 16) -> Dataset:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 1, side, side), dtype=np.uint8)
    labels = np.arange(count) % 3
    return Dataset(pixels, labels, ("a", "b", "c"), tuple(map(str, range(count))), ())


def test_an_epoch_deals_every_picture_once_and_the_next_in_another_order() -> None:
    dealt = torch.cat([seeded_random.indices(0, first, 4, 10) for first in range(0, 40, 4)])
    epochs = dealt.view(4, 10)
    for epoch in epochs:
        assert sorted(epoch.tolist()) == list(range(10))
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == 4
    assert torch.equal(seeded_random.indices(0, 8, 4, 10), dealt[8:12])  # one that runs from one epoch into the next
    assert seeded_random.indices(0, 0, 25, 10).shape == (25,)  # longer than an epoch


def test_purposes_steps_and_parts_are_unrelated() -> None:
    def first(*arguments: object) -> float:
        return torch.rand(1, generator=seeded_random.generator(*arguments)).item()  # type: ignore[arg-type]

    found = {
        first(0, "noise", 0), first(1, "noise", 0), first(0, "crop", 0), first(0, "noise", 1), first(0, "noise", 0, 1),
    }  # fmt: skip
    assert len(found) == 5
    assert first(0, "noise", 7, 3) == first(0, "noise", 7, 3)


def test_labels_are_drawn_as_the_data_has_them() -> None:
    of = torch.tensor([0] * 90 + [1] * 10)
    found = seeded_random.labels(0, 0, 0, 5_000, of)
    assert found is not None
    assert 0.08 < found.float().mean().item() < 0.12
    assert seeded_random.labels(0, 0, 0, 5, None) is None


def test_batches_follow_from_seed_and_step() -> None:
    recipe = GanRecipe(size=16, batch=4, mirror=True, conditional=True)
    one, two = Batches(_data(), recipe), Batches(_data(), recipe)
    two.real(0, 0)  # what was asked before does not matter
    (x, label), (y, other) = one.real(5, 0), two.real(5, 0)
    assert torch.equal(x, y)
    assert label is not None
    assert other is not None
    assert torch.equal(label, other)
    assert not torch.equal(x, one.real(6, 0)[0])


def test_crops_stay_inside_and_some_are_mirrored() -> None:
    recipe = GanRecipe(size=16, crop=0.8, batch=60, mirror=True)
    data = _data(60, 20)
    chosen = seeded_random.indices(0, 0, 60, 60)
    x, label = Batches(data, recipe).real(0, 0)
    assert label is None  # the recipe does not ask for classes
    assert x.shape == (60, 1, 16, 16)
    found = [_place(scaled(data.pictures[index]), picture) for index, picture in zip(chosen, x, strict=True)]
    assert 15 < sum(mirrored for _, _, mirrored in found) < 45
    assert len({(y, x) for y, x, _ in found}) > 10


def _place(whole: torch.Tensor, part: torch.Tensor) -> tuple[int, int, bool]:
    for y in range(5):
        for x in range(5):
            window = whole[:, y : y + 16, x : x + 16]
            if torch.equal(window, part):
                return y, x, False
            if torch.equal(window.flip(-1), part):
                return y, x, True
    raise AssertionError("no crop of the picture")


def test_scaling_and_the_middle() -> None:
    assert scaled(np.array([[[[0, 255]]]], np.uint8)).flatten().tolist() == [-1.0, 1.0]
    pixels = np.arange(25, dtype=np.uint8).reshape(1, 1, 5, 5)
    assert middle(pixels, 3)[0, 0].tolist() == [[6, 7, 8], [11, 12, 13], [16, 17, 18]]
