"""From a result to the picture that is written: size, depth, colours and alpha."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from core.images import image
from core.images.image import DeepPicture, Picture
from core.stylize.images import colour
from core.stylize.images.pixels import eight_bit, tensor
from core.stylize.images.postprocess import delivered
from tests.core.stylize.conftest import waves
from tests.core.stylize.images.test_guided_upsample import forms

LARGE = Picture(eight_bit(forms(96, 80)), eight_bit(waves(96, 80))[..., 0].copy())
SMALL = image.resized(LARGE, 24)
RESULT = waves(24, 20, 5, 3)


def near(made: Picture | DeepPicture, wanted: Tensor, most: float = 0.5) -> None:
    top = np.iinfo(made.rgb.dtype).max
    assert abs(made.rgb.astype(float) / top - wanted.permute(1, 2, 0).numpy()).max() * top <= most


def test_at_working_size_it_is_the_result() -> None:
    near(delivered(RESULT, SMALL, SMALL, "none", 8), RESULT)
    made = delivered(RESULT, SMALL, SMALL, "none", 16)
    assert isinstance(made, DeepPicture)
    near(made, RESULT, 1)
    assert len(np.unique(made.rgb & 255)) > 100  # from the float result, not from 8 bits


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("keep", ["none", "luminance", "match"])
def test_at_the_assets_size_it_has_the_assets_alpha(depth: int, keep: colour.KeepColor) -> None:
    made = delivered(RESULT, SMALL, LARGE, keep, depth)
    assert made.rgb.shape == (96, 80, 3)
    assert made.alpha is not None
    assert LARGE.alpha is not None
    np.testing.assert_array_equal(made.alpha // (257 if depth == 16 else 1), LARGE.alpha)
    again = image.from_bytes(image.encode(made, "png"))
    assert again.alpha is not None
    np.testing.assert_array_equal(again.alpha, LARGE.alpha)


def test_16_bits_and_8_are_one_picture() -> None:
    deep, plain = (delivered(RESULT, SMALL, LARGE, "none", depth) for depth in (16, 8))
    assert abs(deep.rgb / 257 - plain.rgb).max() <= 0.51


def test_with_luminance_the_colours_are_the_assets_own_at_full_size() -> None:
    made = delivered(RESULT, SMALL, LARGE, "luminance", 16)
    lab, own = (
        colour.to_oklab(torch.from_numpy(rgb.astype(np.float32) / top).permute(2, 0, 1))
        for rgb, top in ((made.rgb, 65535), (LARGE.rgb, 255))
    )
    turned = lab[1] * own[2] - lab[2] * own[1]
    assert turned.abs().max() < 1e-4
    assert (lab[1:].square().sum(0) <= own[1:].square().sum(0) + 1e-4).all()


@pytest.mark.parametrize("keep", ["luminance", "match"])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_grey_asset_is_delivered_grey(keep: colour.KeepColor, depth: int) -> None:
    grey = Picture(np.ascontiguousarray(LARGE.rgb[..., :1].repeat(3, axis=2)))
    rgb = delivered(RESULT, image.resized(grey, 24), grey, keep, depth).rgb
    assert (rgb == rgb[..., :1]).all()


def test_smaller_than_it_was_made() -> None:
    guide = image.resized(SMALL, 12)
    made = delivered(RESULT, SMALL, guide, "none", 16)
    assert made.rgb.shape == (12, 10, 3)
    assert abs(made.rgb.mean() / 65535 - RESULT.mean().item()) < 0.01


def test_the_result_may_leave_the_range() -> None:
    near(delivered(RESULT * 3 - 1, SMALL, SMALL, "none", 16), (RESULT * 3 - 1).clamp(0, 1), 1)


def test_what_is_lifted_looks_like_the_small_result() -> None:
    made = delivered(RESULT, SMALL, LARGE, "none", 8)
    assert isinstance(made, Picture)
    back = tensor(image.resized(made, 24))
    assert (back - RESULT).abs().mean() < 0.03
