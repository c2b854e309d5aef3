"""The table of file formats: what it says of each holds, and whoever asks it gets one answer."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import numpy as np
import pytest

from core.errors import Unsupported
from core.images import formats
from core.images.formats import ANIMATED, FORMATS, READABLE, WRITABLE, FileFormat, FormatName
from core.images.image import Picture, encode, from_bytes

ROWS = pytest.mark.parametrize("row", WRITABLE.values(), ids=WRITABLE)
PICTURE = Picture(np.full((24, 40, 3), 90, np.uint8), np.full((24, 40), 200, np.uint8))


def test_the_recipes_choices_are_the_writable_rows() -> None:
    assert get_args(FormatName) == tuple(WRITABLE)


def test_a_name_and_a_suffix_belong_to_one_row() -> None:
    suffixes = [suffix for row in FORMATS for suffix in row.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert len({row.name for row in FORMATS}) == len(FORMATS)
    assert all(f".{row.name}" in row.suffixes for row in FORMATS)


@ROWS
def test_what_is_written_begins_as_its_row_says_and_no_other(row: FileFormat) -> None:
    head = encode(PICTURE, row.name)[:64]
    assert [each for each in FORMATS if each.matches(head)] == [row]
    assert formats.recognised(head) is row
    assert row in READABLE


@ROWS
def test_alpha_is_kept_where_the_row_says_so(row: FileFormat) -> None:
    assert (from_bytes(encode(PICTURE, row.name)).alpha is not None) == row.alpha


@ROWS
def test_pixels_come_back_where_the_row_says_so(row: FileFormat) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert bool((from_bytes(encode(Picture(noise), row.name, 90)).rgb == noise).all()) == row.lossless


def test_frames_are_written_as_gif_or_webp() -> None:
    assert list(ANIMATED) == [".gif", ".webp"]


def test_a_format_that_pillow_was_built_without_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(PICTURE, "avif")
    monkeypatch.setattr("PIL.AvifImagePlugin.SUPPORTED", False)
    monkeypatch.setattr("PIL.features.check", lambda feature: feature != "avif")
    with pytest.raises(Unsupported, match="AVIF, which the installed Pillow was built without; install Pillow"):
        from_bytes(data)
    with pytest.raises(Unsupported, match="cannot write AVIF; install it"):
        encode(PICTURE, "avif")


def test_an_avif_under_a_general_brand_is_read_and_a_heif_is_not() -> None:
    data = encode(PICTURE, "avif")
    general = data.replace(b"ftypavif", b"ftypmif1", 1)
    assert formats.recognised(general) is formats.AVIF
    assert from_bytes(general).size == (40, 24)
    for brand in (b"heic", b"mif1"):
        assert formats.recognised(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic") is formats.HEIC


def test_the_table_needs_no_pillow() -> None:
    code = "import sys, core.images.formats; sys.exit('PIL' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
