"""Kinds that are not read are called by their names, and are no damage.

Marks: ITU-T T.81, T.87 and T.832, TIFF 6.0 and the registered numbers of its compressions, SVG 1.1. Subsampled YCbCr: TIFF
6.0, section 21; values by ITU-R BT.601.
"""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile

from core.errors import Unsupported
from core.images.image import from_bytes
from tests.pictures import animated_jpeg_xl, array, image, lossless_jpeg, saved
from tests.tiff_pages import Page, tiff

JPEG = saved(image(), "JPEG")


def frame(marker: int, depth: int) -> bytes:
    return JPEG.replace(b"\xff\xc0\0\x11\x08", bytes((0xFF, marker, 0, 17, depth)))


def compressed(number: int) -> bytes:
    return tiff([Page(array(), {259: ("H", [number])})])


def big_endian_bigtiff() -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array(), bigtiff=True, byteorder=">", photometric="rgb")
    return buffer.getvalue()


KINDS = {
    **{f"TIFF with {name}": (compressed(number), f"a TIFF with {name} inside") for name, number in (
        ("JPEG 2000", 34712), ("JPEG 2000", 33005), ("JPEG XR", 34934), ("JPEG XL", 50002), ("JPEG XL", 52546),
        ("LERC", 34887), ("PNG", 34933), ("WebP", 50001), ("JPEG-LS", 33007))},
    "big-endian BigTIFF": (big_endian_bigtiff(), "a big-endian BigTIFF"),
    "12-bit JPEG": (frame(0xC1, 12), "a JPEG of 12 bits a channel"),
    "lossless JPEG of 16 bits": (lossless_jpeg(16), "a lossless JPEG of 16 bits"),
    "hierarchical JPEG": (frame(0xC5, 8), "a JPEG of a rare process"),
    "JPEG-LS": (frame(0xF7, 8), "a JPEG-LS"),
    "JPEG XR": (b"II\xbc\1\x20\0\0\0" + bytes(99), "a JPEG XR"),
    "DOS EPS": (b"\xc5\xd0\xd3\xc6" + bytes(99), "a PostScript file"),
    "SVG with a declaration": (b'<?xml version="1.0"?><!-- ' + b"x" * 99 + b" --><svg/>", "an SVG drawing"),
    "JPEG 2000": (saved(image(), "JPEG2000"), "a JPEG 2000"),
    "animated JPEG XL": (animated_jpeg_xl(), "an animated JPEG XL"),
}  # fmt: skip


@pytest.mark.parametrize("case", KINDS)
def test_a_kind_that_is_not_read_is_called_by_its_name(case: str) -> None:
    data, words = KINDS[case]
    with pytest.raises(Unsupported, match=words):
        from_bytes(data)


def test_a_lossless_jpeg_of_8_bits_is_read() -> None:
    assert (from_bytes(lossless_jpeg(8)).rgb == 128).all()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("across", "down"), [(2, 2), (2, 1), (4, 1)])
def test_an_uncompressed_ycbcr_tiff_with_fewer_values_of_colour_is_read(order: str, across: int, down: int) -> None:
    rgb = from_bytes(subsampled(order, across, down)).rgb.astype(int)
    assert abs(rgb - by_formula(UNITS)).max() <= 2
    assert rgb.shape == (16, 24, 3)


def test_subsampling_that_is_not_said_is_2x2_where_the_strip_is_so_long() -> None:
    rgb = from_bytes(subsampled("<", 2, 2, said=False)).rgb.astype(int)
    assert abs(rgb - by_formula(UNITS)).max() <= 2


UNITS = np.random.default_rng(5).integers(60, 190, (2, 3, 3))
"""Y, Cb, Cr of squares of 8 pixels."""


def by_formula(squares: np.ndarray) -> np.ndarray:
    """RGB of (h, w, 3) squares of YCbCr by ITU-R BT.601, as pixels."""
    y, cb, cr = np.moveaxis(squares.repeat(8, 0).repeat(8, 1).astype(float), 2, 0)
    rgb = np.stack(
        [y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128)], 2
    )
    return rgb.clip(0, 255).round().astype(int)


def subsampled(order: str, across: int, down: int, said: bool = True) -> bytes:
    """Data units of across x down values of Y, one of Cb and one of Cr (TIFF 6.0, section 21), in two strips."""
    squares = UNITS.repeat(8, 0).repeat(8, 1)
    units = [
        [*squares[top : top + down, left : left + across, 0].ravel(), *squares[top, left, 1:]]
        for top in range(0, 16, down)
        for left in range(0, 24, across)
    ]
    return ycbcr_tiff(order, bytes(int(value) for unit in units for value in unit), (across, down) if said else None)


def ycbcr_tiff(order: str, data: bytes, subsampling: tuple[int, int] | None) -> bytes:
    tags = {
        256: ("I", [24]), 257: ("I", [16]), 258: ("H", [8, 8, 8]), 259: ("H", [1]), 262: ("H", [6]), 273: ("I", [8]),
        277: ("H", [3]), 278: ("I", [16]), 279: ("I", [len(data)]),
    }  # fmt: skip
    if subsampling:
        tags[530] = ("H", list(subsampling))
    body, extra = b"", b""
    index = 8 + len(data) + len(data) % 2
    behind = index + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in tags.items():
        packed = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(packed) > 4:
            packed, extra = struct.pack(order + "I", behind + len(extra)), extra + packed
        body += struct.pack(order + "HHI", tag, {"H": 3, "I": 4}[kind], len(values)) + packed.ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, index)
    return head + data + bytes(len(data) % 2) + struct.pack(order + "H", len(tags)) + body + bytes(4) + extra


@pytest.mark.parametrize("said", [(1, 1), (2, 2), None])
def test_an_uncompressed_ycbcr_tiff_with_a_value_for_every_pixel_is_read_as_before(
    said: tuple[int, int] | None,
) -> None:
    data = ycbcr_tiff("<", UNITS.repeat(8, 0).repeat(8, 1).astype(np.uint8).tobytes(), said)
    assert abs(from_bytes(data).rgb.astype(int) - by_formula(UNITS)).max() <= 2


@pytest.mark.parametrize("said", [1, 2])
def test_ycbcr_in_separate_planes_is_unsupported(said: int) -> None:
    data = tiff([Page(array(), {262: ("H", [6]), 284: ("H", [2]), 530: ("H", [said, said])})])
    with pytest.raises(Unsupported, match="separate planes"):
        from_bytes(data)
