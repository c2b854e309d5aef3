"""Ways through the latent space: they pass the seeds, keep their length, and close when they are to."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling.latent_walk import frames_of, put_frames, walk
from core.gan.sampling.sampler import Sampler
from core.gan.sampling.sheet import GAP, between, latent_sheet, tiled
from tests.core.gan.samples import TINY, checkpoint


@pytest.fixture(scope="module")
def sampler(tmp_path_factory: pytest.TempPathFactory) -> Sampler:
    path = checkpoint(tmp_path_factory.mktemp("network") / "net.safetensors")
    return Sampler(path, torch.device("cpu"), SampleRecipe())


def points(count: int) -> torch.Tensor:
    return torch.randn(count, 64, generator=torch.Generator().manual_seed(1))


def test_a_way_passes_every_seed_and_ends_at_the_last() -> None:
    stops = points(3)
    way = walk(stops, 9, loop=False)
    assert torch.allclose(way[[0, 4, 8]], stops, atol=1e-5)
    lengths = way.norm(dim=1)
    assert lengths.min() > 0.9 * stops.norm(dim=1).min(), "a straight line would dip to 0.7"


def test_a_loop_comes_back_without_repeating_its_first_frame() -> None:
    stops = points(3)
    way = walk(stops, 12, loop=True)
    assert torch.allclose(way[[0, 4, 8]], stops, atol=1e-5)
    steps = (way - way.roll(1, 0)).norm(dim=1)
    assert steps.min() > 0.1
    assert steps.max() < 3 * steps.min()


def test_a_frame_at_a_seed_is_its_sample(sampler: Sampler) -> None:
    frames = frames_of(sampler, [4, 9], 5, loop=False)
    assert frames.shape == (5, 16, 16, 3)
    assert np.array_equal(frames[[0, 4]], sampler.sample([4, 9]))


def test_frames_in_a_folder_are_named_in_order(sampler: Sampler, tmp_path: Path) -> None:
    put_frames(tmp_path, frames_of(sampler, [1, 2], 3, loop=False), tmp_path / "checkpoint")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0000.png", "0001.png", "0002.png"]


def test_a_sheet_has_a_seed_in_each_corner(sampler: Sampler) -> None:
    sheet = latent_sheet(sampler, [1, 2, 3, 4], 3, 5)
    pitch = 16 + GAP
    assert sheet.shape == (3 * pitch - GAP, 5 * pitch - GAP, 3)
    corners = [sheet[top : top + 16, left : left + 16] for top in (0, 2 * pitch) for left in (0, 4 * pitch)]
    assert np.array_equal(np.stack(corners), sampler.sample([1, 2, 3, 4]))


def test_between_four_corners_lengths_are_kept() -> None:
    corners = points(4)
    cells = between(corners, 5, 5)
    assert torch.allclose(cells[[0, 4, 20, 24]], corners, atol=1e-5)
    assert cells.norm(dim=1).min() > 0.9 * corners.norm(dim=1).min()


def test_tiles_that_do_not_fill_the_last_row_leave_it_dark() -> None:
    sheet = tiled(np.full((3, 4, 4, 3), 255, np.uint8), 2)
    assert (sheet[:4, :4] == 255).all()
    assert sheet[-4:, -4:].max() < 50


def test_the_class_changes_half_way(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "net.safetensors", TINY.changed({"conditional": True}), [str(n) for n in range(10)])
    told_apart = Sampler(path, torch.device("cpu"), SampleRecipe())
    seeds = next([a, b] for a in range(20) for b in range(20) if told_apart.label(a) != told_apart.label(b))
    frames = frames_of(told_apart, seeds, 5, loop=False)
    assert np.array_equal(frames[[0, 4]], told_apart.sample(seeds))
