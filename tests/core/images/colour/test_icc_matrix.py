"""Profiles of a matrix and curves at 16 bits, held against Little CMS at 8."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.images.colour.icc import SRGB
from core.images.colour.icc_matrix import matrix_profile
from tests import icc_profiles

WIDE = ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249))


def by_little_cms(rgb: np.ndarray, icc: bytes) -> np.ndarray:
    srgb, wanted = (ImageCms.ImageCmsProfile(io.BytesIO(data)) for data in (SRGB, icc))
    flags = ImageCms.Flags.HIGHRESPRECALC
    transform = ImageCms.buildTransform(srgb, wanted, "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, flags)
    made = ImageCms.applyTransform(Image.fromarray(rgb), transform)
    assert made is not None
    return np.asarray(made)


@pytest.mark.parametrize(
    "icc",
    [
        icc_profiles.rgb(1.8),
        icc_profiles.rgb(2.2, WIDE),
        icc_profiles.rgb(1.0),
        icc_profiles.srgb_by_another_maker(),
        SRGB,
    ],
    ids=["gamma 1.8", "wide", "linear", "table", "own"],
)
def test_it_agrees_with_little_cms(icc: bytes) -> None:
    levels = np.linspace(0, 255, 16).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(16, -1, 3)
    srgb, wanted = matrix_profile(SRGB), matrix_profile(icc)
    assert srgb is not None
    assert wanted is not None
    made = srgb.converted(grid.astype(np.uint16) * 257, wanted)
    assert abs(made / 257 - by_little_cms(grid, icc)).max() < 1.6


def test_srgb_to_itself_is_exact_within_rounding() -> None:
    ramp = np.arange(65535, dtype=np.uint16).reshape(-1, 255, 1).repeat(3, axis=2)
    srgb = matrix_profile(SRGB)
    assert srgb is not None
    assert abs(srgb.converted(ramp, srgb).astype(int) - ramp).max() <= 2


@pytest.mark.parametrize(
    "icc", [b"", b"x" * 200, icc_profiles.cmyk(), icc_profiles.grey(2.2), icc_profiles.rgb(2.2)[:300]]
)
def test_what_is_not_made_so_is_none(icc: bytes) -> None:
    assert matrix_profile(icc) is None


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (0, (2.4,)),
        (1, (2.4, 0.9, 0.1)),
        (2, (2.4, 0.9, 0.05, 0.04)),
        (3, (2.4, 0.948, 0.052, 0.077, 0.04)),
        (4, (2.4, 0.94, 0.05, 0.1, 0.04, 0.02, 0.0189)),
    ],
)
def test_parametric_curves_are_little_cmss(kind: int, values: tuple[float, ...]) -> None:
    data = b"para\0\0\0\0" + struct.pack(f">HH{len(values)}i", kind, 0, *(round(each * 65536) for each in values))
    plain = icc_profiles.rgb(2.2)
    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    start = len(plain) + (-len(plain) % 4)
    made = bytearray(plain.ljust(start, b"\0") + data)
    for at in range(132, 132 + 12 * 7, 12):
        if made[at + 1 : at + 4] == b"TRC":
            made[at + 4 : at + 12] = struct.pack(">II", start, len(data))
    assert gamma in plain
    made[:4] = struct.pack(">I", len(made))
    ramp = np.arange(60, 250, 3, dtype=np.uint8).reshape(1, -1, 1).repeat(3, axis=2)
    srgb, wanted = matrix_profile(SRGB), matrix_profile(bytes(made))
    assert srgb is not None
    assert wanted is not None
    assert (
        abs(srgb.converted(ramp.astype(np.uint16) * 257, wanted) / 257 - by_little_cms(ramp, bytes(made))).max() < 2.5
    )


def test_colours_rounded_to_8_bits_are_those_of_16() -> None:
    profile, srgb = matrix_profile(icc_profiles.rgb(1.0, WIDE)), matrix_profile(SRGB)
    assert profile is not None
    assert srgb is not None
    pixels = np.random.default_rng(3).integers(0, 65536, (64, 64, 3), dtype=np.uint16)
    pixels[:8] >>= 6  # the dark end, where a level of sRGB is 20 of linear light
    exact = profile.converted(pixels, srgb).astype(np.float64) / 257
    assert np.abs(profile.rounded_to_8_bits(pixels, srgb) - exact).max() < 0.52
