from __future__ import annotations

import io
import math
from dataclasses import astuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from skimage.measure import blur_effect

from core.images.image import Picture
from core.scoring.image_quality import LUMA, SIDE, QualityMeasures, measure_quality, middle, sharpness


def scene() -> Image.Image:
    """Discs and bars with some grain, 256 px."""
    rng = np.random.default_rng(0)
    y, x = np.indices((256, 256))
    plane = 90 + 50 * np.sin(x / 31) * np.cos(y / 23)
    for _ in range(30):
        cx, cy, radius, level = rng.uniform(0, 256), rng.uniform(0, 256), rng.uniform(6, 30), rng.uniform(20, 230)
        plane = np.where(np.hypot(x - cx, y - cy) < radius, level, plane)
    return Image.fromarray(
        np.repeat((plane + rng.normal(0, 1.5, plane.shape)).clip(3, 250)[..., None], 3, 2).astype(np.uint8)
    )


def judged(picture: Image.Image | NDArray[np.uint8]) -> QualityMeasures:
    return measure_quality(Picture(np.array(picture)))


def as_jpeg(picture: Image.Image, level: int) -> Image.Image:
    sink = io.BytesIO()
    picture.save(sink, "JPEG", quality=level)
    return Image.open(sink).convert("RGB")


def value(found: float | None) -> float:
    assert found is not None
    return found


def test_blur_takes_sharpness() -> None:
    sharp, soft = (value(judged(each).sharpness) for each in (scene(), scene().filter(ImageFilter.GaussianBlur(2))))
    assert sharp > 0.5 > soft + 0.1


def test_noise_is_measured_in_grey_levels() -> None:
    clean = np.array(scene().filter(ImageFilter.GaussianBlur(2)), float)
    grain = np.random.default_rng(1).normal(0, 8, clean.shape[:2])[..., None]
    assert value(judged((clean + grain).clip(0, 255).astype(np.uint8)).noise) == pytest.approx(8, rel=0.12)
    assert value(judged(clean.astype(np.uint8)).noise) < 0.5


def test_blocks_of_jpeg_are_found_and_nothing_else_taken_for_them() -> None:
    clean, good, bad = (value(judged(each).blocking) for each in (scene(), as_jpeg(scene(), 95), as_jpeg(scene(), 5)))
    assert clean < 0.2
    assert good < 0.3
    assert bad > 1


def test_clipping_counts_black_and_white() -> None:
    rgb = np.full((50, 100, 3), 128, np.uint8)
    rgb[:, :10], rgb[:, 10:25] = 0, 255
    assert judged(rgb).clipping == pytest.approx(0.25)


def test_bands_are_found_in_a_coarse_ramp_alone() -> None:
    ramp = np.repeat(np.tile(np.linspace(60, 124, 512)[None], (64, 1))[..., None], 3, 2)
    coarse, fine = (ramp // 4 * 4).astype(np.uint8), ramp.round().astype(np.uint8)
    assert value(judged(coarse).banding) > 0.1
    assert value(judged(fine).banding) < 0.01
    assert value(judged(scene()).banding) < 0.01


def test_a_chessboard_of_four_levels_is_found() -> None:
    plain = np.array(scene(), float)
    y, x = np.indices(plain.shape[:2])
    board = (plain + 4 * (1 - 2 * ((x + y) % 2))[..., None]).clip(0, 255).astype(np.uint8)
    lines = (plain + 4 * (1 - 2 * (x % 2))[..., None]).clip(0, 255).astype(np.uint8)
    assert value(judged(scene()).checkerboard) < 0.02
    assert value(judged(board).checkerboard) > 0.1
    assert value(judged(lines).checkerboard) > 0.1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (23, 23), (24, 24), (900, 700)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_and_tiny_pictures_have_finite_values_or_none(size: tuple[int, int], level: int) -> None:
    found = judged(np.full((*size, 3), level, np.uint8))
    assert all(each is None or math.isfinite(each) for each in astuple(found))
    assert found.sharpness is None
    assert found.clipping == float(level in (0, 255))


def test_a_large_picture_is_looked_at_on_its_own_grid() -> None:
    rows = np.arange(2000, dtype=np.int64)
    rgb = np.broadcast_to((rows % 256).astype(np.uint8)[:, None, None], (2000, 600, 3))
    part = middle(rgb)
    assert part.shape == (SIDE, SIDE, 3)
    assert int(part[0, 0, 0]) % 8 == 0


def test_sharpness_is_the_blur_effect_of_scikit_image() -> None:
    for radius in (0, 1, 3):
        luma = np.asarray(scene().filter(ImageFilter.GaussianBlur(radius)), np.float32) @ LUMA
        assert sharpness(luma) == pytest.approx(1 - blur_effect(luma, h_size=11), abs=0.01)
