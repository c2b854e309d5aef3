"""What does not touch the pixels costs no picture: long or malformed metadata of a PNG, and a missing end mark.

From public reports: Pillow#8363 (texts and profiles over 1 MB), Pillow#2038 (JPEGs that all else shows).
A JPEG's end: ITU-T T.81, B.2.1; a PNG's: its third edition.
"""

from __future__ import annotations

import random
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import Unreadable
from core.images.image import from_bytes
from tests import icc_profiles
from tests.pictures import image, saved

NOISE = Image.fromarray(np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)).resize((90, 70))
BIG = zlib.compress(b"a" * (2 << 20))
PNG = saved(image(), "PNG")
END = PNG.index(b"IEND") - 4


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def before(*chunks: bytes) -> bytes:
    return PNG[:33] + b"".join(chunks) + PNG[33:]


PNGS = {
    "a compressed text of 2 MB": before(chunk(b"zTXt", b"Comment\0\0" + BIG)),
    "an international one": before(chunk(b"iTXt", b"Comment\0\1\0\0\0" + BIG)),
    "behind the pixels": PNG[:END] + chunk(b"zTXt", b"Comment\0\0" + BIG) + PNG[END:],
    "70 texts of 1 MB": before(*[chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 1_000_000))] * 70),
    "a compression that there is not": before(chunk(b"zTXt", b"k\0\5abc")),
    "an empty profile": before(chunk(b"iCCP", b"")),
    "a bomb for a profile": before(chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(20 << 20)))),
    "short gAMA, cHRM, sRGB and pHYs": before(*(chunk(kind, b"\0") for kind in (b"gAMA", b"cHRM", b"pHYs"))),
    "a text cut off behind the pixels": (PNG[:END] + chunk(b"iTXt", b"k\0\0\0\0\0" + b"x" * 500))[:-200],
    "one that would be longer than the file": (PNG[:END] + chunk(b"iTXt", b"k\0\0\0\0\0" + b"x" * 500_000))[: END + 99],
    "no end": PNG[:END],
    "half an end": PNG[: END + 6],
}


@pytest.mark.parametrize("case", PNGS)
def test_a_png_is_read_whatever_its_metadata_are(case: str) -> None:
    assert (from_bytes(PNGS[case]).rgb == from_bytes(PNG).rgb).all()


def test_a_png_cut_off_in_its_pixels_is_unreadable() -> None:
    for size in (END - 40, END // 2):
        with pytest.raises(Unreadable):
            from_bytes(PNG[:size])


def test_a_profile_over_a_megabyte_is_used() -> None:
    swapped = icc_profiles.rgb(1.8)
    long = swapped[:128] + swapped[128:] + random.Random(0).randbytes(2 << 20)
    long = struct.pack(">I", len(long)) + long[4:]
    data = before(chunk(b"iCCP", b"k\0\0" + zlib.compress(long)))
    assert (from_bytes(data).rgb == from_bytes(saved(image(), "PNG", icc_profile=swapped)).rgb).all()
    assert not (from_bytes(data).rgb == from_bytes(PNG).rgb).all()


JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "fine": {"quality": 97, "subsampling": 0},
    "restart marks a row": {"restart_marker_rows": 1},
    "restart marks a block": {"restart_marker_blocks": 1},
}


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
def test_a_jpeg_without_its_end_mark_is_read(options: dict[str, Any]) -> None:
    whole = saved(NOISE, "JPEG", **options)
    for data in (whole[:-2], whole[:-1], whole[:-2] + bytes(1000)):
        assert (from_bytes(data).rgb == from_bytes(whole).rgb).all()


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
def test_a_jpeg_cut_off_in_its_pixels_is_unreadable(options: dict[str, Any]) -> None:
    whole = saved(NOISE, "JPEG", **options)
    for cut in (*range(3, 24), 100, 500, len(whole) // 2):
        with pytest.raises(Unreadable):
            from_bytes(whole[:-cut])


def test_a_progressive_jpeg_without_its_last_pass_is_unreadable() -> None:
    whole = saved(NOISE, "JPEG", progressive=True)
    with pytest.raises(Unreadable):
        from_bytes(whole[: whole.rindex(b"\xff\xda")])
