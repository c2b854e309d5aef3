"""Bringing a result to the asset's size: sharp where the asset is, flat where it is, the same in any strips."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core.stylize.images import guided_upsample
from tests.core.stylize.conftest import waves

TIMES = 6


def whole(result: Tensor, small: Tensor, large: Tensor) -> Tensor:
    strips = list(guided_upsample.upsampled(result, small, large))
    rows = [row for where, _ in strips for row in range(where.start, where.stop)]
    assert rows == list(range(large.shape[1]))
    return torch.cat([strip for _, strip in strips], dim=1)


def shrunk(picture: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(picture[None], size=size, mode="bicubic", antialias=True)[0].clamp(0, 1)


def enlarged(picture: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(picture[None], size=size, mode="bicubic", antialias=True)[0].clamp(0, 1)


def forms(height: int, width: int) -> Tensor:
    """An asset with sharp edges: a red disc and a dark slanted half on a pale ground, (3, h, w)."""
    y, x = torch.linspace(-1, 1, height).view(-1, 1), torch.linspace(-1, 1, width).view(1, -1)
    disc, half = ((y + 0.2) ** 2 + (x - 0.3) ** 2 < 0.2), (x + 0.4 * y < -0.45)
    picture = torch.tensor([0.8, 0.75, 0.6]).view(3, 1, 1).expand(3, height, width).clone()
    picture[:, disc] = torch.tensor([0.7, 0.2, 0.15]).view(3, 1)
    picture[:, half] = torch.tensor([0.1, 0.15, 0.3]).view(3, 1)
    return picture


def painted(asset: Tensor, strokes: float = 0.03) -> Tensor:
    """The asset in other colours, with strokes that it knows nothing of."""
    turned = torch.stack([0.3 + 0.6 * asset[2], 0.8 - 0.5 * asset[0], 0.2 + 0.5 * asset[1]])
    return (turned + strokes * (waves(asset.shape[1], asset.shape[2], 9, 7) - 0.5)).clamp(0, 1)


def test_what_the_asset_explains_is_as_sharp_as_the_asset() -> None:
    large = forms(48 * TIMES, 40 * TIMES)
    small, truth = shrunk(large, (48, 40)), painted(large, 0.0)
    made, soft = whole(painted(small, 0.0), small, large), enlarged(painted(small, 0.0), (48 * TIMES, 40 * TIMES))
    assert (made - truth).abs().mean() < (soft - truth).abs().mean() / 5


def test_edges_are_steeper_than_by_bicubic_and_have_no_halo() -> None:
    large = forms(48 * TIMES, 40 * TIMES)
    small = shrunk(large, (48, 40))
    result = painted(small)
    made, soft = whole(result, small, large), enlarged(result, (48 * TIMES, 40 * TIMES))

    def slope(picture: Tensor) -> Tensor:
        return (picture[:, :, 1:] - picture[:, :, :-1]).abs().sum(0)

    edges = slope(large) > 0.3
    assert slope(made)[edges].mean() > 3 * slope(soft)[edges].mean()
    truth = painted(large)
    low, high = (F.max_pool2d(sign * truth[None], 4 * TIMES + 1, 1, 2 * TIMES)[0] for sign in (-1, 1))
    overshoot = torch.maximum(made - high, -low - made).clamp(min=0)
    bicubic = torch.maximum(soft - high, -low - soft).clamp(min=0)
    assert overshoot.max() < 0.05
    assert overshoot.mean() < bicubic.mean()


def test_a_flat_asset_adds_nothing() -> None:
    result, flat = waves(30, 24), torch.full((3, 1, 1), 0.4)
    made = whole(result, flat.expand(3, 30, 24), flat.expand(3, 30 * TIMES, 24 * TIMES))
    torch.testing.assert_close(made, enlarged(result, (30 * TIMES, 24 * TIMES)), atol=1e-4, rtol=0)


def test_a_flat_result_stays_flat() -> None:
    large = forms(48 * TIMES, 40 * TIMES)
    result = torch.tensor([0.2, 0.5, 0.9]).view(3, 1, 1).expand(3, 48, 40)
    made = whole(result, shrunk(large, (48, 40)), large)
    torch.testing.assert_close(made, result[:, :1, :1].expand_as(made), atol=1e-4, rtol=0)


def test_the_assets_grain_does_not_get_into_smooth_paint() -> None:
    """Noise of a grey level or two is no contrast."""
    generator = torch.Generator().manual_seed(1)
    large = (0.5 + 0.008 * torch.randn(3, 40 * TIMES, 40 * TIMES, generator=generator)).clamp(0, 1)
    result = waves(40, 40, 1, 1)
    made, soft = whole(result, shrunk(large, (40, 40)), large), enlarged(result, (40 * TIMES, 40 * TIMES))
    assert (made - soft).std() < 0.25 * 0.008


@pytest.mark.parametrize("size", [(31, 23, 31, 23), (31, 23, 187, 140), (5, 9, 6, 10), (1, 1, 7, 5), (16, 1, 160, 7)])
def test_strips_of_any_height_give_one_picture(size: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    height, width, tall, wide = size
    large = (forms(tall, wide) * 255).round().to(torch.uint8)
    small, result = shrunk(large.float() / 255, (height, width)), waves(height, width)
    once = whole(result, small, large)
    assert once.shape == (3, tall, wide)
    monkeypatch.setattr(guided_upsample, "STRIP", 3 * wide)
    strips = list(guided_upsample.upsampled(result, small, large))
    assert all(strip.shape[1] <= 3 for _, strip in strips)
    torch.testing.assert_close(torch.cat([strip for _, strip in strips], dim=1), once, atol=1e-6, rtol=0)


def test_nothing_to_lift_leaves_the_result_alone() -> None:
    asset, result = forms(30, 20), waves(30, 20)
    torch.testing.assert_close(whole(result, asset, asset), result, atol=1e-6, rtol=0)


def test_one_channel_is_lifted_like_three() -> None:
    large = forms(90, 60)
    small, result = shrunk(large, (30, 20)), waves(30, 20)
    torch.testing.assert_close(whole(result[:1], small, large), whole(result, small, large)[:1], atol=1e-6, rtol=0)
