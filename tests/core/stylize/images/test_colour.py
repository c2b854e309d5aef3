"""Colours: Oklab and back, the edge of sRGB, what is kept of an asset's colours."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab
from torch import Tensor

from core.stylize.images import colour
from core.stylize.images.colour import KeepColor
from tests.core.stylize.conftest import waves
from tests.properties.kit import examples

KEPT: list[KeepColor] = ["luminance", "match"]


def noise(seed: int, height: int = 24, width: int = 20, low: float = 0.0, high: float = 1.0) -> Tensor:
    """A picture (3, h, w) of independent random colours."""
    return low + (high - low) * torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def flat(*rgb: float) -> Tensor:
    return torch.tensor(rgb).view(3, 1, 1).expand(3, 12, 10).clone()


def lab_of(picture: Tensor) -> Tensor:
    return colour.to_oklab(picture).flatten(1)


def hue(picture: Tensor) -> Tensor:
    """Hue in radians of every pixel."""
    lab = colour.to_oklab(picture)
    return torch.atan2(lab[2], lab[1])


def test_oklab_of_known_colours() -> None:
    """Values of Ottosson's reference implementation."""
    colours = torch.tensor([[1.0, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]).T.unsqueeze(2)
    expected = torch.tensor(
        [[1.0, 0, 0], [0.6280, 0.2249, 0.1258], [0.8664, -0.2339, 0.1795], [0.4520, -0.0325, -0.3115]]
    )
    torch.testing.assert_close(colour.to_oklab(colours)[..., 0].T, expected, atol=2e-4, rtol=0)


def test_every_colour_comes_back_from_oklab() -> None:
    levels = torch.linspace(0, 1, 18)
    cube = torch.stack(torch.meshgrid(levels, levels, levels, indexing="ij")).flatten(2)
    torch.testing.assert_close(colour.from_oklab(colour.to_oklab(cube)), cube, atol=5e-4, rtol=0)


@examples(40)
@given(light=st.floats(0.02, 0.98), angle=st.floats(0, 2 * math.pi), chroma=st.floats(0.02, 1.5))
def test_a_colour_outside_srgb_loses_chroma_and_nothing_else(light: float, angle: float, chroma: float) -> None:
    wanted = torch.tensor([light, chroma * math.cos(angle), chroma * math.sin(angle)]).view(3, 1, 1)
    made = colour.from_oklab(wanted)
    assert made.min() >= 0
    assert made.max() <= 1
    lab = colour.to_oklab(made)
    assert abs(lab[0].item() - light) < 2e-3
    found = lab[1:].square().sum().sqrt().item()
    assert found <= chroma + 1e-3
    assert abs(found * math.sin(math.atan2(lab[2].item(), lab[1].item()) - angle)) < 2e-3
    if found < chroma - 2e-3:  # it lies on the edge: a channel is spent
        assert made.min() < 0.02 or made.max() > 0.98


def test_grey_stays_grey_exactly() -> None:
    ramp = torch.linspace(0, 1, 65536).view(1, 256, 256).expand(3, 256, 256)
    made = colour.from_oklab(colour.to_oklab(ramp))
    assert colour.is_grey(made)
    torch.testing.assert_close(made, ramp, atol=2e-6, rtol=0)


@pytest.mark.parametrize("keep", KEPT)
@pytest.mark.parametrize("seed", range(4))
def test_a_grey_asset_gives_a_grey_picture(keep: KeepColor, seed: int) -> None:
    asset = noise(seed)[:1].expand(3, -1, -1)
    assert colour.is_grey(colour.kept(keep, noise(seed + 9), asset))
    (artwork,) = colour.style(keep, [waves(20, 30)], asset)
    assert colour.to_oklab(artwork)[1:].abs().max() < 1e-4


@pytest.mark.parametrize("keep", KEPT)
@pytest.mark.parametrize("rgb", [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (1.0, 0.0, 0.0), (0.2, 0.4, 0.9)])
def test_constant_pictures_are_finite_on_either_side(keep: KeepColor, rgb: tuple[float, float, float]) -> None:
    for asset, artwork in ((flat(*rgb), waves(20, 30)), (waves(20, 30), flat(*rgb)), (flat(*rgb), flat(0.3, 0.6, 0.1))):
        (seen,) = colour.style(keep, [artwork], asset)
        for picture in (seen, colour.lightness_of(asset), colour.kept(keep, asset, asset)):
            assert picture.isfinite().all()
            assert picture.min() >= 0
            assert picture.max() <= 1
        torch.testing.assert_close(lab_of(seen)[0].mean(), lab_of(asset)[0].mean(), atol=0.03, rtol=0)


@pytest.mark.parametrize("seed", range(6))
def test_a_matched_artwork_has_the_assets_mean_and_covariance(seed: int) -> None:
    asset, artwork = noise(seed, low=0.35, high=0.65), noise(seed + 20, low=0.2, high=0.5)
    wanted, found = colour.palette(asset), colour.palette(colour.matched(artwork, colour.palette(asset)))
    torch.testing.assert_close(found.mean, wanted.mean, atol=1e-4, rtol=0)
    torch.testing.assert_close(found.covariance, wanted.covariance, atol=2e-5, rtol=1e-2)


def test_matching_a_picture_to_itself_changes_nothing() -> None:
    picture = waves(24, 32)
    torch.testing.assert_close(colour.matched(picture, colour.palette(picture)), picture, atol=2e-3, rtol=0)


def test_rounding_in_a_flat_artwork_is_not_blown_up() -> None:
    """An artwork of one colour give or take a grey level: without a floor its rounding would become full contrast."""
    artwork = flat(0.5, 0.5, 0.5) + (noise(3, 12, 10) > 0.5).float() / 255
    spread = colour.palette(colour.matched(artwork, colour.palette(noise(1)))).covariance.diagonal().sqrt()
    assert spread.max() < 0.15 < colour.palette(noise(1)).covariance.diagonal().sqrt().max()


@pytest.mark.parametrize("asset", [waves(32, 24), noise(5, 32, 24), (noise(6, 32, 24) > 0.5).float()])
def test_luminance_keeps_the_assets_hue_and_the_results_lightness(asset: Tensor) -> None:
    result = noise(8, 32, 24, 0.1, 0.9)
    made = colour.kept("luminance", result, asset)
    torch.testing.assert_close(lab_of(made)[0], lab_of(result)[0], atol=2e-3, rtol=0)
    chroma, own = (lab_of(picture)[1:].square().sum(0).sqrt() for picture in (made, asset))
    assert (chroma <= own + 1e-3).all()
    turn = (hue(made) - hue(asset) + math.pi) % (2 * math.pi) - math.pi
    assert (turn.flatten().abs() * chroma).max() < 3e-3


def test_the_style_of_luminance_has_the_assets_mean_and_deviation() -> None:
    asset, artwork = waves(30, 20) * 0.5 + 0.2, noise(2, 40, 30)
    (seen,) = colour.style("luminance", [artwork], asset)
    assert colour.is_grey(seen)
    torch.testing.assert_close(lab_of(seen)[0].mean(), lab_of(asset)[0].mean(), atol=1e-4, rtol=0)
    torch.testing.assert_close(lab_of(seen)[0].std(), lab_of(asset)[0].std(), atol=1e-3, rtol=0)


def test_what_cannot_be_seen_has_no_say_in_the_palette() -> None:
    seen = noise(4, 16, 16)
    asset, alpha = torch.cat([seen, torch.ones(3, 16, 48)], dim=2), torch.zeros(16, 64)
    alpha[:, :16] = 1
    found, wanted = colour.palette(asset, alpha), colour.palette(seen)
    torch.testing.assert_close(found.mean, wanted.mean)
    torch.testing.assert_close(found.covariance, wanted.covariance)
    assert colour.palette(asset, torch.zeros(16, 64)).mean.isfinite().all()


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asset, artwork = noise(1, 37, 23), noise(2, 31, 29)
    whole = colour.style("match", [artwork], asset)[0], colour.kept("luminance", noise(3, 37, 23), asset)
    monkeypatch.setattr(colour, "STRIP", 64)
    parts = colour.style("match", [artwork], asset)[0], colour.kept("luminance", noise(3, 37, 23), asset)
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


def test_lightness_is_what_another_colour_space_calls_lightness() -> None:
    """The grey picture differs from the coloured one in chroma: CIELAB's own lightness stays near."""
    picture = noise(7, 16, 16)
    pair = [rgb2lab(each.permute(1, 2, 0).numpy()) for each in (picture, colour.lightness_of(picture))]
    assert abs(pair[0][..., 0] - pair[1][..., 0]).mean() < 6
    assert abs(pair[1][..., 1:]).max() < 0.1 < abs(pair[0][..., 1:]).mean()
