"""Profiles, orientation and frames: one test a row of the table in docs/pictures.md."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.images.image import from_bytes, probe, read
from tests import icc_profiles, pictures
from tests.picture_checks import (
    INK_COLOURS,
    INKS,
    Rows,
    documented,
    gamma_1,
    shows,
)
from tests.pictures import COLOURS, chunk, jpeg, png, raw_png, saved
from tests.tiff_pages import Page, tiff

RULES = Rows()


@RULES("RGB with a profile")
def _() -> None:
    red, green, blue = icc_profiles.SRGB_PRIMARIES
    swapped = icc_profiles.rgb(2.2, (green, red, blue))
    shows(png(icc_profile=swapped), [(g, r, b) for r, g, b in COLOURS], within=6)
    light = [[gamma_1(v) for v in colour] for colour in COLOURS]
    for kind in ("PNG", "TIFF", "JPEG", "WEBP", "AVIF"):
        shows(saved(pictures.image(), kind, quality=100, icc_profile=icc_profiles.rgb(1.0)), light, within=6)
    shows(saved(pictures.image().quantize(4), "PNG", icc_profile=icc_profiles.rgb(1.0)), light, within=2)


@RULES("a profile within one level of sRGB")
def _() -> None:
    levels = np.arange(0, 256, 5, dtype=np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(52, -1, 3)
    data = saved(Image.fromarray(colours), "PNG", icc_profile=icc_profiles.srgb_by_another_maker())
    assert (from_bytes(data).rgb == colours).all()


@RULES("a broken profile")
def _() -> None:
    good = icc_profiles.rgb(1.0)
    for broken in (b"not a profile", good[:200], good[:128] + bytes(len(good) - 128), bytes(600)):
        shows(png(icc_profile=broken), COLOURS)
        shows(jpeg(icc_profile=broken), COLOURS, within=2)


@RULES("a profile of another kind of pixels")
def _() -> None:
    shows(png(icc_profile=icc_profiles.cmyk()), COLOURS)
    shows(png(icc_profile=icc_profiles.grey(1.0)), COLOURS)
    shows(saved(pictures.image("CMYK", INKS), "TIFF", icc_profile=icc_profiles.rgb(1.0)), INK_COLOURS)


@RULES("colours by tags: cICP, gAMA and cHRM, nclx, EXIF's Adobe RGB")
def _() -> None:
    light = [[gamma_1(v) for v in colour] for colour in COLOURS]
    for tag in (chunk(b"gAMA", struct.pack(">I", 100_000)), chunk(b"cICP", bytes((1, 8, 0, 1)))):
        shows(raw_png(pictures.array(), 8, 2, before=tag), light, within=2)


@RULES("HDR video's transfer functions, PQ and HLG")
def _() -> None:
    for transfer, reference_white in ((16, 148), (18, 191)):
        grey = np.full((32, 48), reference_white, np.uint8)
        data = raw_png(grey, 8, 0, before=chunk(b"cICP", bytes((9, transfer, 0, 1))))
        shows(data, [(228, 228, 228)] * 4, within=2)


@RULES("EXIF orientation")
def _() -> None:
    for value in range(1, 9):
        lying, tag = pictures.stored(value), pictures.exif(value)
        for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
            picture = shows(saved(lying, kind, quality=100, exif=tag), COLOURS, within=5)
            assert picture.size == (48, 32)
        late = raw_png(np.asarray(lying), 8, 2, after=chunk(b"eXIf", tag.removeprefix(b"Exif\0\0")))
        shows(late, COLOURS)


@RULES("corrupt EXIF")
def _() -> None:
    tag = pictures.exif(6)
    for corrupt in (b"Exif\0\0rubbish", tag[:14], tag[:20] + b"\xff" * 20, pictures.exif(99)):
        shows(jpeg(exif=corrupt), COLOURS, within=2)


@RULES("animated PNG, WebP or AVIF")
def _() -> None:
    frames = [Image.new("RGB", (48, 32), colour) for colour in ("black", "white")]
    for kind in ("PNG", "WEBP"):
        shows(saved(pictures.image(), kind, save_all=True, append_images=frames, lossless=True), COLOURS)
    shows(saved(pictures.image(), "AVIF", save_all=True, append_images=frames, quality=95), COLOURS, within=3)


@RULES("TIFF of several pages")
def _() -> None:
    other = Image.new("RGB", (10, 10), "black")
    shows(saved(pictures.image(), "TIFF", save_all=True, append_images=[other]), COLOURS)
    shows(tiff([Page(np.asarray(other), {254: ("I", [1])}), Page(pictures.array())]), COLOURS)


@RULES("JPEG of several pictures")
def _() -> None:
    other = [Image.new("RGB", (10, 10), "black")]
    shows(saved(pictures.image(), "MPO", quality=95, save_all=True, append_images=other), COLOURS, within=4)


@RULES("a suffix of another format, read or not")
def _() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".jpg", ".png", ".webp", ".tif", ".avif", ".gif", ""):
            path = Path(folder, f"picture{suffix}")
            for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
                path.write_bytes(saved(pictures.image(), kind))
                assert read(path).size == (48, 32)


@RULES("1x1")
def _() -> None:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        picture = from_bytes(saved(Image.new("RGB", (1, 1), "white"), kind))
        assert picture.rgb.tolist() == [[[255, 255, 255]]]


@pytest.mark.parametrize("kind", RULES)
def test_rule(kind: str) -> None:
    RULES[kind]()


def test_the_table_has_the_same_rows() -> None:
    assert documented("Profiles, orientation, frames") == list(RULES)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_probe_gives_the_size_that_read_gives(tmp_path: Path, kind: str, orientation: int) -> None:
    path = tmp_path / "picture"
    path.write_bytes(saved(pictures.stored(orientation), kind, exif=pictures.exif(orientation)))
    assert probe(path) == read(path).size == (48, 32)
