"""Covers: what a mask and a region map together say of an asset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.stylize.images import region_composite as module
from core.stylize.images.region_composite import RegionComposite, composite_of

Plane = NDArray[Any]


def noise(height: int, width: int, seed: int, kind: Any = np.uint8) -> Plane:
    return np.random.default_rng(seed).integers(0, np.iinfo(kind).max + 1, (height, width, 3), dtype=kind)


def put_back(made: RegionComposite, painted: Plane, asset: Plane) -> Plane:
    found = painted.copy()
    made.put_back(found, asset)
    return found


def test_grey_is_a_blend_of_what_is_finished() -> None:
    made = composite_of((4, 6), 0.0, torch.full((4, 6), 0.5), None)
    assert (made.areas[0] == 1).all()
    found = put_back(made, np.full((4, 6, 3), 200, np.uint8), np.zeros((4, 6, 3), np.uint8))
    assert (found == 100).all()


@pytest.mark.parametrize("feather", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("scale", [0.5, 1, 2, 3])
def test_black_is_the_asset_at_any_size_and_feather(
    feather: float, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", 32)  # edges of larger pictures are worked out smaller
    mask = torch.zeros(20, 30)
    mask[:, 15:] = 1
    made = composite_of((10, 15), feather, mask, None)
    height, width = round(20 * scale), round(30 * scale)
    asset, painted = noise(height, width, 1), noise(height, width, 2)
    found = put_back(made, painted, asset)
    black = width // 2 - (0 if scale <= 1 else 2)  # a mask that has to grow has an edge of its own
    assert np.array_equal(found[:, :black], asset[:, :black])
    assert not np.array_equal(found, asset)


def test_sixteen_bits() -> None:
    mask = torch.zeros(8, 8)
    mask[:4] = 1
    asset, painted = noise(8, 8, 1), noise(8, 8, 2, np.uint16)
    found = put_back(composite_of((8, 8), 0.0, mask, None), painted, asset)
    assert np.array_equal(found[4:], asset[4:].astype(np.uint16) * 257)
    assert np.array_equal(found[:4], painted[:4])


def test_regions_share_the_picture_and_leave_what_is_kept() -> None:
    left = (torch.arange(40) < 16).float().expand(20, 40)
    right = (torch.arange(40) >= 24).float().expand(20, 40)
    made = composite_of((20, 40), 0.1, None, torch.stack([left, right]))
    assert len(made.areas) == 2
    assert torch.stack(made.areas)[..., 16:24].sum() == 0
    asset = noise(20, 40, 1)
    assert np.array_equal(put_back(made, noise(20, 40, 2), asset)[:, 16:24], asset[:, 16:24])


def test_where_two_styles_meet_there_is_no_seam_of_the_asset() -> None:
    left = (torch.arange(40) < 20).float().expand(20, 40)
    made = composite_of((20, 40), 0.1, None, torch.stack([left, 1 - left]))
    assert torch.allclose(torch.stack(made.areas).sum(0), torch.ones(20, 40), atol=1e-6)
    assert 0.3 < float(made.areas[0][10, 19]) < 0.7
    painted = noise(20, 40, 2)
    assert np.array_equal(put_back(made, painted, noise(20, 40, 1)), painted)


def test_a_mask_cuts_regions() -> None:
    mask = torch.zeros(20, 40)
    mask[:10] = 1
    made = composite_of((20, 40), 0.0, mask, torch.ones(1, 20, 40))
    assert made.areas[0][:10].all()
    assert not made.areas[0][10:].any()
