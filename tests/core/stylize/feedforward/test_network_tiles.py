"""Large pictures painted in tiles: no seam, whatever the tiles, and how far the network reaches."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor

from core.images import image
from core.networks.transfer_flops import REACH, REDUCTION
from core.stylize.feedforward import network_tiles
from core.stylize.feedforward.network import NormStatistics
from core.stylize.feedforward.network_tiles import painted_in_tiles
from core.stylize.feedforward.passes import TransferInput, painted_large
from core.stylize.feedforward.transfer_model import TransferModel
from core.stylize.images.pixels import eight_bit
from tests.core.stylize.conftest import waves

CPU = torch.device("cpu")


def _picture(height: int, width: int) -> image.Picture:
    noise = torch.rand(3, height, width, generator=torch.Generator().manual_seed(1))
    return image.Picture(eight_bit(0.7 * waves(height, width) + 0.3 * noise))


def _painted(
    picture: image.Picture, model: TransferModel, places: list[network_tiles.TileSlices] | None = None
) -> Tensor:
    made = torch.full((3, *picture.rgb.shape[:2]), float("nan"))
    for (tile,), place in painted_in_tiles(picture, [model.embeddings[:1]], model.network, CPU, lambda *_: None):
        assert made[(slice(None), *place)].isnan().all(), "tiles lie side by side"
        made[(slice(None), *place)] = tile
        if places is not None:
            places.append(place)
    return made


def test_no_seam_shows(model: TransferModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Painted in many tiles, and in one, by the same statistics: the same up to rounding, at every pixel."""
    picture, places = _picture(301, 420), list[network_tiles.TileSlices]()
    whole = _painted(picture, model)
    monkeypatch.setattr(network_tiles, "SIDE", 96)
    tiled = _painted(picture, model, places)
    assert len(places) == 4 * 5
    assert whole.std() > 0.02
    assert (tiled - whole).abs().max() < 2e-5


def test_a_narrower_frame_would_show(model: TransferModel, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = _picture(200, 300)
    whole = _painted(picture, model)
    monkeypatch.setattr(network_tiles, "SIDE", 96)
    monkeypatch.setattr(network_tiles, "REACH", 24)
    assert (_painted(picture, model) - whole).abs().max() > 1e-3


def test_one_tile_by_its_own_statistics_is_the_picture_painted_whole(model: TransferModel) -> None:
    picture = _picture(90, 133)
    x = torch.from_numpy(picture.rgb).permute(2, 0, 1).float()[None] / 255
    torch.testing.assert_close(_painted(picture, model), model.network(x, model.embeddings[:1])[0])


def test_statistics_are_of_the_whole_picture(model: TransferModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is far away and changes the whole shifts a tile a little; by tiles of their own, it would not move at all."""
    monkeypatch.setattr(network_tiles, "SIDE", 96)
    picture = _picture(96, 480)
    darker = image.Picture(np.concatenate([picture.rgb[:, :200], picture.rgb[:, 200:] // 4], 1))
    first, second = (_painted(each, model)[:, :, :90] for each in (picture, darker))
    assert (first - second).abs().mean() > 1e-3


def test_the_network_reaches_no_farther_than_the_frame(model: TransferModel) -> None:
    network = copy.deepcopy(model.network).double()
    embedding, x = model.embeddings[:1].double(), torch.rand(1, 3, 24, 400, dtype=torch.float64)
    found = network.statistics(x, embedding)
    use = NormStatistics([(mean.double(), rstd.double()) for mean, rstd in found.layers])
    before, at, least, most = network(x, embedding, use), 200, [], []
    for column in range(at, at + REDUCTION):
        changed = x.clone()
        changed[..., column] = 1 - changed[..., column]
        moved = (network(changed, embedding, use) - before).abs().amax((0, 1, 2)).nonzero().flatten()
        least.append(column - int(moved[0]))
        most.append(int(moved[-1]) - column)
    assert REACH - REDUCTION < max(*least, *most) <= REACH
    assert REACH % REDUCTION == 0


@pytest.mark.parametrize("deep", [False, True])
def test_a_large_canvas_is_one_array(model: TransferModel, deep: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_tiles, "SIDE", 64)
    picture, told = _picture(70, 140), list[tuple[int, int]]()
    left = torch.zeros(35, 70)
    left[:, :30] = 1.0
    embeddings = (model.embeddings[:1], model.embeddings[1:])
    made = painted_large(
        TransferInput(picture, embeddings, (left, 1 - left)), model.network, CPU, deep, lambda *at: told.append(at)
    )
    assert made.dtype == (torch.float32 if deep else torch.uint8)
    assert told == [(number, 6) for number in range(1, 7)]
    for embedding, columns in zip(embeddings, (slice(0, 56), slice(64, 140)), strict=True):
        alone = painted_large(TransferInput(picture, (embedding,)), model.network, CPU, deep, lambda *_: None)
        torch.testing.assert_close(made[..., columns], alone[..., columns])
