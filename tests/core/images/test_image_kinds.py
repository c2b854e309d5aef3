"""Every kind of pixels that is read: one test a row of the table in docs/pictures.md."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.images.image import from_bytes
from tests import icc_profiles, pictures
from tests.picture_checks import (
    INK_COLOURS,
    INKS,
    Rows,
    documented,
    gamma_1,
    grey_rgb,
    lab_to_srgb,
    over_white,
    patches,
    shows,
)
from tests.pictures import COLOURS, GREYS, array, chunk, jpeg, png, raw_png, raw_tiff, saved
from tests.tiff_pages import Page, tiff

KINDS = Rows()
LABS = ((50, 60, 30), (60, -40, 30), (40, 10, -50), (90, 0, 5))
ALPHAS = (0, 64, 128, 255)


def lab_array() -> np.ndarray:
    light = array(tuple(round(value[0] * 2.55) for value in LABS))
    a, b = (array(tuple(value[i] for value in LABS), np.int8).view(np.uint8) for i in (1, 2))
    return np.dstack([light, a, b])


@KINDS("RGB")
def _() -> None:
    shows(png(), COLOURS)
    shows(saved(pictures.image(), "TIFF"), COLOURS)
    shows(saved(pictures.image(), "WEBP", lossless=True), COLOURS)
    shows(jpeg(), COLOURS, within=2)
    shows(saved(pictures.image(), "AVIF", subsampling="4:4:4", quality=95), COLOURS, within=2)


@KINDS("grey")
def _() -> None:
    for kind in ("PNG", "JPEG", "TIFF", "AVIF"):
        shows(saved(pictures.image("L"), kind), grey_rgb(GREYS), within=1)
    shows(raw_tiff(array(GREYS), 0), grey_rgb(255 - v for v in GREYS))


@KINDS("grey with a profile")
def _() -> None:
    light = grey_rgb(map(gamma_1, GREYS))
    shows(saved(pictures.image("L"), "PNG", icc_profile=icc_profiles.grey(1.0)), light, within=1)
    shows(saved(pictures.image("L"), "PNG", icc_profile=icc_profiles.rgb(1.0)), light, within=1)


@KINDS("grey with alpha")
def _() -> None:
    data = saved(pictures.image("LA", tuple(zip(GREYS, ALPHAS, strict=True))), "PNG")
    shows(data, over_white(grey_rgb(GREYS), ALPHAS), ALPHAS)


@KINDS("RGB with alpha")
def _() -> None:
    rgba = tuple((*colour, alpha) for colour, alpha in zip(COLOURS, ALPHAS, strict=True))
    for kind, options in (("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})):
        shows(saved(pictures.image("RGBA", rgba), kind, **options), over_white(COLOURS, ALPHAS), ALPHAS)
    lossy = saved(pictures.image("RGBA", rgba), "AVIF", subsampling="4:4:4", quality=100)
    shows(lossy, over_white(COLOURS, ALPHAS), ALPHAS, within=2)


@KINDS("alpha that is opaque everywhere")
def _() -> None:
    shows(saved(pictures.image("RGBA", tuple((*colour, 255) for colour in COLOURS)), "PNG"), COLOURS)


@KINDS("palette")
def _() -> None:
    shows(saved(pictures.image().quantize(4), "PNG"), COLOURS, within=1)


@KINDS("palette with transparency")
def _() -> None:
    picture = pictures.image().quantize(4)
    indices = patches(np.asarray(picture))
    clear = bytes(ALPHAS[indices.index(i)] for i in range(4))
    shows(saved(picture, "PNG", transparency=clear), over_white(COLOURS, ALPHAS), ALPHAS, within=1)


@KINDS("1 bit")
def _() -> None:
    bits = Image.fromarray(array((0, 255, 255, 0))).convert("1")
    for kind in ("PNG", "TIFF"):
        shows(saved(bits, kind), grey_rgb((0, 255, 255, 0)))


@KINDS("2 or 4 bits of grey")
def _() -> None:
    shows(raw_png(array((0, 1, 2, 3)), 2, 0), grey_rgb((0, 85, 170, 255)))
    shows(raw_png(array((0, 5, 10, 15)), 4, 0), grey_rgb((0, 85, 170, 255)))


@KINDS("one transparent grey or colour")
def _() -> None:
    keyed = [255, 255, 255, 0]
    for bits, grey in ((1, (0, 0, 0, 1)), (2, (0, 1, 2, 3)), (4, (0, 5, 10, 15)), (8, (0, 85, 170, 255))):
        key = chunk(b"tRNS", grey[3].to_bytes(2, "big"))
        shade = 255 // (2**bits - 1)
        shows(raw_png(array(grey), bits, 0, before=key), grey_rgb([*(v * shade for v in grey[:3]), 255]), keyed)
    deep = (1000, 20_000, 40_000, 40_001)
    key = chunk(b"tRNS", deep[3].to_bytes(2, "big"))
    shows(raw_png(array(deep, np.uint16), 16, 0, before=key), grey_rgb((4, 78, 156, 255)), keyed)
    colours = ((0, 0, 0), (9, 9, 9), (200, 40, 40), (200, 40, 41))
    key = chunk(b"tRNS", bytes((0, 200, 0, 40, 0, 41)))
    shows(raw_png(array(colours), 8, 2, before=key), [*colours[:3], (255, 255, 255)], keyed)
    deep_colours = ((0, 0, 0), (257, 257, 257), (40_000, 40_000, 40_000), (40_000, 40_000, 40_001))
    key = chunk(b"tRNS", np.array(deep_colours[3], ">u2").tobytes())
    data = raw_png(array(deep_colours, np.uint16), 16, 2, before=key)
    shows(data, grey_rgb((0, 1, 156, 255)), keyed)


@KINDS("CMYK without a profile")
def _() -> None:
    for kind in ("JPEG", "TIFF"):
        shows(saved(pictures.image("CMYK", INKS), kind), INK_COLOURS, within=2)


@KINDS("CMYK with a profile")
def _() -> None:
    wanted = [lab_to_srgb(*icc_profiles.ink_lab(*(v / 255 for v in ink))) for ink in INKS]
    for kind in ("JPEG", "TIFF"):
        data = saved(pictures.image("CMYK", INKS), kind, icc_profile=icc_profiles.cmyk())
        shows(data, wanted, within=4)


@KINDS("YCbCr TIFF, JPEG in TIFF")
def _() -> None:
    shows(raw_tiff(np.asarray(pictures.image().convert("YCbCr")), 6), COLOURS, within=3)
    shows(saved(pictures.image(), "TIFF", compression="jpeg", quality=95), COLOURS, within=3)


@KINDS("uncompressed YCbCr TIFF with fewer values of colour (2x2 and its like)")
def _() -> None:
    flat = np.array([100, 90, 200])  # Y, Cb and Cr
    rgb = [round(100 + 1.402 * 72), round(100 + 0.344136 * 38 - 0.714136 * 72), round(100 - 1.772 * 38)]
    for across, down in ((2, 2), (2, 1)):
        unit = [flat[0]] * (across * down) + [flat[1], flat[2]]
        units = np.tile(np.array(unit, np.uint8), 8 * 8 // (across * down))
        tags = {
            256: ("I", [8]),
            257: ("I", [8]),
            258: ("H", [8] * 3),
            262: ("H", [6]),
            277: ("H", [3]),
            278: ("I", [8]),
        }
        page = Page(units[None], {**tags, 530: ("H", [across, down])})
        assert abs(from_bytes(tiff([page])).rgb.astype(int) - rgb).max() <= 2


@KINDS("lossless JPEG of 8 bits, arithmetic-coded JPEG")
def _() -> None:
    assert (from_bytes(pictures.lossless_jpeg(8)).rgb == 128).all()
    assert (from_bytes(pictures.arithmetic_jpeg()).rgb == 128).all()


@KINDS("LAB TIFF, 8 bits")
def _() -> None:
    wanted = [lab_to_srgb(*lab) for lab in LABS]
    shows(raw_tiff(lab_array(), 8), wanted, within=3)
    shows(raw_tiff(lab_array(), 8, deflate=True), wanted, within=3)


@KINDS("12 or 16 bits of grey")
def _() -> None:
    deep = (128, 129, 33_023, 65_407)  # 0.498, 0.502, 128.49 and 254.50 of 255
    levels = (0, 1, 128, 255)
    values = array(deep, np.uint16)
    shows(raw_png(values, 16, 0), grey_rgb(levels))
    for order, deflate in (("<", False), (">", False), ("<", True), (">", True)):
        shows(raw_tiff(values, 1, order=order, deflate=deflate), grey_rgb(levels))
    shows(raw_tiff(values, 0), grey_rgb((255, 254, 127, 0)))
    shows(twelve_bits((0, 1000, 2048, 4095)), grey_rgb((0, 62, 128, 255)))


def twelve_bits(greys: tuple[int, int, int, int]) -> bytes:
    """A 12-bit TIFF: two values in three bytes."""
    values = array(greys, np.uint16)
    first, second = values[:, ::2], values[:, 1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=-1).astype(np.uint8)
    return raw_tiff(packed.reshape(values.shape[0], -1), 1, tags={256: ("H", [48]), 258: ("H", [12])})


@KINDS("16-bit RGB, with alpha or without")
def _() -> None:
    deep = ((128, 129, 255), (256, 385, 386), (33_023, 65_407, 65_535), (0, 1, 2))
    levels = [(0, 1, 1), (1, 1, 2), (128, 255, 255), (0, 0, 0)]
    rgb = array(deep, np.uint16)
    shows(raw_png(rgb, 16, 2), levels)
    for order, deflate in (("<", False), (">", False), ("<", True), (">", True)):
        shows(raw_tiff(rgb, 2, order=order, deflate=deflate), levels)
    alphas = (65_535, 65_407, 128, 65_535)
    rgba = np.dstack([rgb, array(alphas, np.uint16)])
    seen = [*levels[:2], (255, 255, 255), levels[3]]
    shows(raw_png(rgba, 16, 6), seen, (255, 255, 0, 255))
    shows(raw_tiff(rgba, 2, extra=2, deflate=True, order=">"), seen, (255, 255, 0, 255))


@KINDS("16-bit grey with alpha, 16-bit CMYK, 16-bit RGB with premultiplied alpha")
def _() -> None:
    deep = np.dstack([array((255, 256, 511, 65_535), np.uint16), array((65_535,) * 3 + (0,), np.uint16)])
    shows(raw_png(deep, 16, 4), grey_rgb((0, 1, 1, 255)), (255, 255, 255, 0))
    shows(raw_tiff(array(INKS, np.uint16) * 257, 5), INK_COLOURS)
    opaque = np.dstack([array(COLOURS, np.uint16) * 257 + 255, np.full((32, 48), 65_535, np.uint16)])
    shows(raw_tiff(opaque, 2, extra=1), COLOURS, within=1)


@KINDS("TIFF with premultiplied alpha")
def _() -> None:
    premultiplied = ((0, 0, 0, 0), (10, 40, 15, 64), (25, 35, 95, 128), (230, 220, 200, 255))
    straight = ((0, 0, 0), (40, 159, 60), (50, 70, 189), (230, 220, 200))
    shows(raw_tiff(array(premultiplied), 2, extra=1), over_white(straight, ALPHAS), ALPHAS, within=1)


@pytest.mark.parametrize("kind", KINDS)
def test_kind(kind: str) -> None:
    KINDS[kind]()


def test_the_table_has_the_same_rows() -> None:
    assert documented("Kinds of pixels") == list(KINDS)
