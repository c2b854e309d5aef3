"""Small whole pictures of every format and mode that Nocturne reads, made from the sample photographs and paintings.

base("png-palette-clear")  ->  the bytes of a file; SUFFIXES says what it is called
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests import icc_profiles, pictures

DATA = Path(__file__).parents[2] / "data"
PHOTOS = ("assets/cat.jpg", "assets/coffee.jpg", "assets/rocket.jpg", "styles/wave.jpg", "styles/the_scream.jpg")
SEVERAL = frozenset({"png-animated", "webp-animated", "avif-animated", "tiff-pages"})
"""Bases with more than one frame or page: cut off, their first may still be whole."""

INDEX_BEHIND = frozenset({"tiff-deflate", "tiff-lzw", "tiff-jpeg", "tiff-group4", "tiff-pages", "tiff-tiled-deflate"})
"""TIFFs whose index (IFD) lies behind the pixels, or that libtiff reads, which looks at all of it."""


@cache
def photo(which: int = 0, width: int = 96, height: int = 72, mode: str = "RGB") -> Image.Image:
    """One of the sample pictures, small."""
    with Image.open(DATA / PHOTOS[which % len(PHOTOS)]) as opened:
        return opened.convert("RGB").resize((width, height), Image.Resampling.LANCZOS).convert(mode)


@cache
def base(kind: str, which: int = 0) -> bytes:
    """The file of this kind of the photo `which`."""
    return _KINDS[kind](which)


def saved(picture: Image.Image, format: str, **options: Any) -> bytes:  # noqa: A002
    """The bytes of a file. Pillow notes on a picture how it was saved, so a copy is."""
    return pictures.saved(picture.copy(), format, **options)


def clear(which: int, mode: str = "RGBA") -> Image.Image:
    """A photo that fades out to the right."""
    picture = photo(which).convert(mode)
    picture.putalpha(Image.linear_gradient("L").rotate(90).resize(picture.size))
    return picture


def deep(which: int, channels: int = 3) -> NDArray[np.uint16]:
    """A photo with 16 bits a channel."""
    values = np.asarray(photo(which)).astype(np.uint16) * 257
    return np.ascontiguousarray(values[..., :channels] if channels > 1 else values[..., 0])


def exif(**fields: Any) -> bytes:
    """A camera's EXIF."""
    tags = Image.Exif()
    tags[0x0112], tags[0x010F], tags[0x011A] = 1, "Nocturne", 72.0
    return tags.tobytes()


def interlaced(which: int) -> bytes:
    """An Adam7 PNG, which Pillow does not write."""
    values = np.asarray(photo(which))
    steps = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    parts = [values[top::down, left::right] for top, left, down, right in steps]
    data = b"".join(b"\0" + line.tobytes() for part in parts for line in part)
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 8, 2, 0, 0, 1)
    body = pictures.chunk(b"IHDR", head) + pictures.chunk(b"IDAT", zlib.compress(data))
    return b"\x89PNG\r\n\x1a\n" + body + pictures.chunk(b"IEND", b"")


def tiled(which: int, side: int = 32, deflate: bool = False) -> bytes:
    """A TIFF of tiles, which Pillow does not write."""
    values = np.asarray(photo(which))
    height, width = values.shape[:2]
    padded = np.pad(values, ((0, -height % side), (0, -width % side), (0, 0)))
    corners = [(top, left) for top in range(0, height, side) for left in range(0, width, side)]
    tiles = [padded[top : top + side, left : left + side].tobytes() for top, left in corners]
    tiles = [zlib.compress(tile) for tile in tiles] if deflate else tiles
    start, count = 8 + 2 + 12 * 11 + 4, len(tiles)
    first = start + 6 + 8 * count
    offsets = [first + sum(map(len, tiles[:index])) for index in range(count)]
    entries = (
        *((256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, start), (259, 3, 1, 8 if deflate else 1)),
        *((262, 3, 1, 2), (277, 3, 1, 3), (284, 3, 1, 1), (322, 3, 1, side), (323, 3, 1, side)),
        *((324, 4, count, start + 6), (325, 4, count, start + 6 + 4 * count)),
    )
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    lists = struct.pack(f"<3H{2 * count}I", 8, 8, 8, *offsets, *map(len, tiles))
    return struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + table + bytes(4) + lists + b"".join(tiles)


def _frames(which: int) -> list[Image.Image]:
    return [photo(which + step, 64, 48).copy() for step in range(1, 4)]


def _several(format: str, **options: Any) -> Callable[[int], bytes]:  # noqa: A002
    return lambda which: saved(photo(which, 64, 48), format, save_all=True, append_images=_frames(which), **options)


def _as(format: str, mode: str = "RGB", **options: Any) -> Callable[[int], bytes]:  # noqa: A002
    return lambda which: saved(photo(which, mode=mode), format, **options)


def _jpeg_xl(mode: str, **options: Any) -> Callable[[int], bytes]:
    return lambda which: _packed(np.asarray(photo(which, mode=mode)), **options)


def _packed(pixels: NDArray[Any], **options: Any) -> bytes:
    import pyjpegxl

    made: bytes = pyjpegxl.encode_from_numpy(pixels, exif=b"\0\0\0\0" + exif()[6:], **options)
    return made


def _bits(bits: int) -> Callable[[int], bytes]:
    return lambda which: pictures.raw_png(np.asarray(photo(which, mode="L")) >> (8 - bits), bits, 0)


def _palette(colours: int, transparency: bytes | None = None) -> Callable[[int], bytes]:
    options = {} if transparency is None else {"transparency": transparency}
    return lambda which: saved(photo(which).quantize(colours), "PNG", **options)


def _raw_tiff(photometric: int, channels: int = 3, **options: Any) -> Callable[[int], bytes]:
    return lambda which: pictures.raw_tiff(np.asarray(photo(which))[..., :channels], photometric, **options)


_JPEG = {"quality": 88, "icc_profile": icc_profiles.rgb(1.8), "exif": exif()}
_KINDS: dict[str, Callable[[int], bytes]] = {
    "jpeg": _as("JPEG", **_JPEG),
    "jpeg-progressive": _as("JPEG", **_JPEG, progressive=True),
    "jpeg-grey": _as("JPEG", "L"),
    "jpeg-cmyk": _as("JPEG", "CMYK", icc_profile=icc_profiles.cmyk()),
    "jpeg-restarts": _as("JPEG", restart_marker_rows=1),
    "png": _as("PNG", icc_profile=icc_profiles.rgb(1.8), exif=exif()),
    "png-alpha": lambda which: saved(clear(which), "PNG"),
    "png-1-bit": _as("PNG", "1"),
    "png-2-bit": _bits(2),
    "png-4-bit": _bits(4),
    "png-grey": _as("PNG", "L"),
    "png-grey-alpha": lambda which: saved(clear(which, "LA"), "PNG"),
    "png-grey-16": lambda which: pictures.raw_png(deep(which, 1), 16, 0),
    "png-16": lambda which: pictures.raw_png(deep(which), 16, 2),
    "png-palette": _palette(200),
    "png-palette-4": _palette(16),
    "png-palette-1": _palette(2),
    "png-palette-clear": _palette(64, bytes(range(0, 256, 4))),
    "png-interlaced": interlaced,
    "png-animated": _several("PNG"),
    "webp": _as("WEBP", quality=80, icc_profile=icc_profiles.rgb(1.8), exif=exif()),
    "webp-lossless": _as("WEBP", lossless=True),
    "webp-alpha": lambda which: saved(clear(which), "WEBP", quality=80),
    "webp-animated": _several("WEBP", quality=70),
    "avif": _as("AVIF", quality=80, speed=10, icc_profile=icc_profiles.rgb(1.8), exif=exif()),
    "avif-alpha": lambda which: saved(clear(which), "AVIF", quality=80, speed=10),
    "avif-animated": _several("AVIF", quality=70, speed=10),
    "jxl": _jpeg_xl("RGB", lossless=True),
    "jxl-lossy": _jpeg_xl("RGB", icc=icc_profiles.rgb(1.8)),
    "jxl-alpha": lambda which: _packed(np.asarray(clear(which)), lossless=True),
    "jxl-16": lambda which: _packed(deep(which), lossless=True),
    "tiff": _as("TIFF", icc_profile=icc_profiles.rgb(1.8)),
    "tiff-deflate": _as("TIFF", compression="tiff_adobe_deflate"),
    "tiff-lzw": _as("TIFF", compression="tiff_lzw"),
    "tiff-jpeg": _as("TIFF", compression="jpeg", quality=85),
    "tiff-group4": _as("TIFF", "1", compression="group4"),
    "tiff-cmyk": _as("TIFF", "CMYK"),
    "tiff-grey": _as("TIFF", "L"),
    "tiff-palette": _as("TIFF", "P"),
    "tiff-alpha": lambda which: saved(clear(which), "TIFF"),
    "tiff-tiled": tiled,
    "tiff-tiled-deflate": lambda which: tiled(which, deflate=True),
    "tiff-planar": _raw_tiff(2, planar=True),
    "tiff-motorola": _raw_tiff(2, order=">"),
    "tiff-16": lambda which: pictures.raw_tiff(deep(which), 2),
    "tiff-grey-16": lambda which: pictures.raw_tiff(deep(which, 1), 1, order=">"),
    "tiff-pages": _several("TIFF", compression="tiff_lzw"),
    "tiff-big": _as("TIFF", big_tiff=True),
}
KINDS: tuple[str, ...] = tuple(_KINDS)
SUFFIX = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "tiff": ".tif", "avif": ".avif", "jxl": ".jxl"}


def format_of(kind: str) -> str:
    """`jpeg`, `png`, `webp`, `tiff`, `avif` or `jxl`."""
    return kind.partition("-")[0]


def kinds(*formats: str) -> list[str]:
    """The kinds of these formats."""
    return [kind for kind in KINDS if format_of(kind) in formats]


def opened(data: bytes) -> Image.Image:
    """What Pillow makes of it."""
    return Image.open(io.BytesIO(data))
