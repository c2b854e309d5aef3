"""Files that are written: every format and depth comes back, as other programs read it and as Nocturne does."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from core.errors import Unsupported
from core.images.colour import icc
from core.images.containers.container_parsing import png_chunks
from core.images.credit_metadata import Credits
from core.images.formats import WRITABLE
from core.images.image import DeepPicture, Picture, encode, from_bytes, pixels_sha256
from core.images.provenance import read_stamp, stamp
from tests import icc_profiles

ADOBE = icc_profiles.rgb(2.2, ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)))
"""Primaries of Adobe RGB (1998), adapted to D50."""

ABOUT = Credits((300.0, 240.0), "Zoë Ærtist", "© 2026 <Studio> & Söhne", "Museum 東京")


def deep(alpha: bool = False, height: int = 37, width: int = 29) -> DeepPicture:
    """Ramps whose low bytes matter, and as `alpha` a ramp from 0 to opaque."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([x * 2117 + y, y * 1733 + 7 * x, (x * y * 331) % 65536], axis=-1).clip(0, 65535).astype(np.uint16)
    cover = np.broadcast_to(np.linspace(0, 65535, width), (height, width)).astype(np.uint16)
    if alpha:  # what can be seen over white at that alpha
        rgb = np.maximum(rgb, 65535 - cover[..., None])
    return DeepPicture(rgb, np.ascontiguousarray(cover) if alpha else None)


def shallow(picture: DeepPicture) -> Picture:
    rgb, alpha = picture.rgb, picture.alpha
    return Picture((rgb // 257).astype(np.uint8), None if alpha is None else (alpha // 257).astype(np.uint8))


def samples_of_png(data: bytes) -> NDArray[np.uint16]:
    """16-bit samples of a PNG, by an unpacking of its own: filters 0 and 2 alone."""
    file = io.BytesIO(data)
    head = next(body for kind, body in png_chunks(file, 1 << 20) if kind == b"IHDR")
    width, height, bits, colour = struct.unpack(">IIBB", head[:10])
    assert bits == 16
    packed, at = b"", 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        packed += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        assert zlib.crc32(data[at + 4 : at + 8 + length]) == struct.unpack_from(">I", data, at + 8 + length)[0]
        at += 12 + length
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, -1)
    rows = np.cumsum(lines[:, 1:], axis=0, dtype=np.uint8)
    assert set(lines[:, 0]) == {2}
    return rows.view(">u2").reshape(height, width, 4 if colour == 6 else 3).astype(np.uint16)


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_16_bits_come_back_to_the_last(kind: str) -> None:
    picture = deep()
    data = encode(picture, kind)
    found = samples_of_png(data) if kind == "png" else tifffile.imread(io.BytesIO(data))
    np.testing.assert_array_equal(found, picture.rgb)
    np.testing.assert_array_equal(from_bytes(data).rgb, ((picture.rgb.astype(int) + 128) // 257).astype(np.uint8))


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_16_bits_with_alpha_look_the_same_over_white(kind: str) -> None:
    picture = deep(alpha=True)
    assert picture.alpha is not None
    data = encode(picture, kind)
    found = (samples_of_png(data) if kind == "png" else tifffile.imread(io.BytesIO(data))).astype(float)
    np.testing.assert_array_equal(found[..., 3], picture.alpha)
    cover = found[..., 3:] / 65535
    assert abs(found[..., :3] * cover + 65535 * (1 - cover) - picture.rgb).max() <= 1
    again = from_bytes(data)
    assert again.alpha is not None
    assert abs(again.alpha.astype(int) - picture.alpha / 257).max() <= 0.5
    assert abs(again.rgb.astype(float) - picture.rgb / 257).max() <= 1.5


def test_strips_of_a_deep_png_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.images.encoding._STRIP", 500)
    np.testing.assert_array_equal(samples_of_png(encode(deep(), "png")), deep().rgb)


def test_a_deep_picture_is_not_written_where_it_does_not_fit() -> None:
    with pytest.raises(Unsupported, match="choose png or tiff"):
        encode(deep(), "jpg")


@pytest.mark.parametrize("alpha", [False, True])
def test_an_8_bit_tiff_is_exact_for_pillow_and_tifffile(alpha: bool) -> None:
    picture = shallow(deep(alpha))
    data = encode(picture, "tiff")
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.mode, opened.info["icc_profile"]) == ("RGBA" if alpha else "RGB", icc.SRGB)
        np.testing.assert_array_equal(np.asarray(opened), tifffile.imread(io.BytesIO(data)))
    if not alpha:
        np.testing.assert_array_equal(from_bytes(data).rgb, picture.rgb)
    assert len(data) < len(encode(picture, "png")) * 3


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("is_deep", [False, True])
def test_the_hash_of_a_picture_is_that_of_its_file(kind: str, alpha: bool, is_deep: bool) -> None:
    picture = deep(alpha) if is_deep else shallow(deep(alpha))
    assert pixels_sha256(picture) == pixels_sha256(encode(picture, kind, stamp="x", about=ABOUT))


@pytest.mark.parametrize("is_deep", [False, True])
@pytest.mark.parametrize("kind", WRITABLE)
def test_files_are_the_same_every_time_and_carry_the_record(kind: str, is_deep: bool, tmp_path: Path) -> None:
    if is_deep and 16 not in WRITABLE[kind].depths:
        return
    picture = deep() if is_deep else shallow(deep())
    record = {"kind": "stylize", "asset": "a/b.jpg", "seed": 3}
    data = encode(picture, kind, 90, stamp(record), about=ABOUT, profile=ADOBE)
    assert data == encode(picture, kind, 90, stamp(record), about=ABOUT, profile=ADOBE)
    path = tmp_path / "picture"
    path.write_bytes(data)
    assert read_stamp(path) == record


@pytest.mark.parametrize("kind", WRITABLE)
def test_a_kept_profile_is_embedded_and_gives_the_same_colours(kind: str) -> None:
    y, x = np.mgrid[:64, :64]
    picture = Picture(np.stack([x * 4, y * 4, np.full_like(x, 90)], axis=-1).astype(np.uint8))
    data = encode(picture, kind, 100, profile=ADOBE)
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.info["icc_profile"] == ADOBE
        stored = np.asarray(opened.convert("RGB")).astype(int)
    assert abs(stored - picture.rgb).max() > 20  # other numbers
    apart = abs(from_bytes(data).rgb.astype(int) - picture.rgb)
    if WRITABLE[kind].lossless:
        assert np.percentile(apart, 95) <= 2  # 8 bits of a wider space are coarser, in the dark most
    assert apart.mean() < 3


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_a_kept_profile_at_16_bits_is_finer_than_at_8(kind: str) -> None:
    ramp = np.linspace(9000, 14000, 2048).astype(np.uint16)
    picture = DeepPicture(np.ascontiguousarray(np.broadcast_to(ramp[:, None], (8, 2048, 3))))
    data = encode(picture, kind, profile=ADOBE)
    found = samples_of_png(data) if kind == "png" else tifffile.imread(io.BytesIO(data))
    assert len(np.unique(found[0, :, 1])) > 1500
    eight = encode(Picture((picture.rgb // 257).astype(np.uint8)), kind, profile=ADOBE)
    with Image.open(io.BytesIO(eight)) as opened:
        assert abs(np.asarray(opened).astype(int) - found / 257).max() < 1.5


@pytest.mark.parametrize("profile", [b"", b"no profile", icc_profiles.cmyk(), icc_profiles.grey(2.2)])
def test_a_profile_that_is_not_for_rgb_gives_srgb(profile: bytes) -> None:
    data = encode(shallow(deep()), "png", profile=profile)
    assert data == encode(shallow(deep()), "png")


def test_srgb_by_another_maker_is_kept_with_pixels_untouched() -> None:
    icc, picture = icc_profiles.srgb_by_another_maker(), deep()
    data = encode(picture, "tiff", profile=icc)
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(data)), picture.rgb)
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.info["icc_profile"] == icc
