"""Test pictures of every kind: four flat patches, so that colour, orientation and alpha can be read off.

Each function gives the bytes of a file. The patches are 24x16 pixels, whole JPEG blocks, so that lossy
formats keep them.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Patches = tuple[Any, Any, Any, Any]
"""A value (grey) or tuple (colour) each for top left, top right, bottom left and bottom right."""

COLOURS: Patches = ((200, 40, 40), (40, 160, 60), (50, 70, 190), (230, 220, 200))
GREYS: Patches = (30, 90, 160, 220)
WIDTH, HEIGHT = 48, 32


def array(patches: Patches = COLOURS, dtype: Any = np.uint8, scale: int = 1) -> NDArray[Any]:
    """The four patches as (32, 48) or (32, 48, channels)."""
    values = np.asarray(patches, dtype=dtype).reshape(2, 2, -1)
    out = values.repeat(HEIGHT // 2 * scale, axis=0).repeat(WIDTH // 2 * scale, axis=1)
    return np.ascontiguousarray(out[..., 0] if out.shape[2] == 1 else out)


def image(mode: str = "RGB", patches: Patches | None = None) -> Image.Image:
    """The four patches as a Pillow picture of `mode` L, LA, RGB, RGBA or CMYK."""
    made = Image.fromarray(array(patches or (GREYS if mode == "L" else COLOURS)))
    return Image.frombytes(mode, made.size, made.tobytes())


def saved(picture: Image.Image, format: str, **options: Any) -> bytes:  # noqa: A002
    """The bytes that Pillow saves `picture` as."""
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def jpeg(**options: Any) -> bytes:
    """The coloured patches as JPEG."""
    return saved(image(), "JPEG", quality=95, subsampling=0, **options)


def lossless_jpeg(depth: int, width: int = 16, height: int = 8) -> bytes:
    """A lossless JPEG (ITU-T T.81, annex H) of middle grey: every value is as predicted, which takes one bit, 0."""
    codes = b"\xff\xc4\0\x14\0" + bytes([1] + [0] * 15) + b"\0"
    scan = b"\xff\xda\0\x08\1\1\0\1\0\0" + bytes(width * height // 8)
    return b"\xff\xd8\xff\xc3\0\x0b" + _frame(depth, width, height) + codes + scan + b"\xff\xd9"


def arithmetic_jpeg(width: int = 16, height: int = 8) -> bytes:
    """An arithmetic-coded JPEG (annex D) of middle grey: a pass over its averages whose code is all zeros, as they are."""
    table = b"\xff\xdb\0\x43\0" + bytes([1] * 64)
    scan = b"\xff\xda\0\x08\1\1\0\0\0\0" + bytes(8)
    return b"\xff\xd8" + table + b"\xff\xca\0\x0b" + _frame(8, width, height) + scan + b"\xff\xd9"


def _frame(depth: int, width: int, height: int) -> bytes:
    return struct.pack(">BHHB", depth, height, width, 1) + b"\1\x11\0"


def png(**options: Any) -> bytes:
    """The coloured patches as PNG."""
    return saved(image(), "PNG", **options)


def exif(orientation: int) -> bytes:
    """EXIF that says how the picture lies."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def stored(orientation: int, picture: Image.Image | None = None) -> Image.Image:
    """The picture as a camera stores it that says `orientation`: turned so that it has to be turned back."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = picture or image()
    return upright.transpose(undo[orientation]) if orientation in undo else upright


def chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(rows: NDArray[Any], bits: int, colour: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """A PNG by hand: `colour` 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA; chunks around the pixels."""
    height, width = rows.shape[:2]
    if bits < 8:
        unpacked = np.unpackbits(rows[..., None].astype(np.uint8), axis=2)[..., -bits:]
        lines = np.packbits(unpacked.reshape(height, -1), axis=1)
    else:
        lines = rows.astype(">u2" if bits == 16 else "u1").reshape(height, -1)
    data = b"".join(b"\0" + line.tobytes() for line in lines)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(data))
    return b"\x89PNG\r\n\x1a\n" + head + before + pixels + after + chunk(b"IEND", b"")


def huge_png(width: int, height: int) -> bytes:
    """The header of a PNG of any size, and next to no pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def huge_webp(width: int, height: int) -> bytes:
    """The header of an extended WebP of any size."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def huge_avif(width: int, height: int) -> bytes:
    """A small AVIF whose header says that it is of any size."""
    data = saved(image(), "AVIF")
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def raw_tiff(
    values: NDArray[Any],
    photometric: int,
    *,
    order: str = "<",
    deflate: bool = False,
    planar: bool = False,
    extra: int | None = None,
    sample_format: int = 1,
    tags: dict[int, tuple[str, list[int]]] | None = None,
) -> bytes:
    """A TIFF by hand: one strip, or one a channel if `planar`; `extra` 1 is premultiplied, 2 straight.

    `tags` replaces entries of its directory: {tag: ("H" or "I", values)}.
    """
    height, width = values.shape[:2]
    channels = values.shape[2] if values.ndim == 3 else 1
    planes = list(np.moveaxis(values, 2, 0)) if planar else [values]
    stored_as = np.dtype(f"{order}{values.dtype.kind}{values.dtype.itemsize}")
    strips = [plane.astype(stored_as).tobytes() for plane in planes]
    strips = [zlib.compress(strip) for strip in strips] if deflate else strips
    table: dict[int, tuple[str, list[int]]] = {
        256: ("H", [width]),
        257: ("H", [height]),
        258: ("H", [values.dtype.itemsize * 8] * channels),
        259: ("H", [8 if deflate else 1]),
        262: ("H", [photometric]),
        273: ("I", [0] * len(strips)),
        277: ("H", [channels]),
        278: ("H", [height]),
        279: ("I", [len(strip) for strip in strips]),
        284: ("H", [2 if planar else 1]),
        339: ("H", [sample_format] * channels),
    }
    if extra is not None:
        table[338] = ("H", [extra])
    return _tiff({**table, **(tags or {})}, strips, order)


def _tiff(tags: dict[int, tuple[str, list[int]]], strips: list[bytes], order: str) -> bytes:
    after_table = 8 + 2 + 12 * len(tags) + 4
    sizes = [struct.calcsize(code) * len(values) for code, values in tags.values()]
    start = after_table + sum(size for size in sizes if size > 4)
    tags[273] = ("I", [start + sum(map(len, strips[:index])) for index in range(len(strips))])
    table, long = b"", b""
    for tag, (code, values) in sorted(tags.items()):
        data = struct.pack(f"{order}{len(values)}{code}", *values)
        if len(data) > 4:
            data, long = struct.pack(order + "I", after_table + len(long)), long + data
        table += struct.pack(order + "HHI", tag, {"H": 3, "I": 4}[code], len(values)) + data.ljust(4, b"\0")
    magic = b"II" if order == "<" else b"MM"
    head = magic + struct.pack(order + "HIH", 42, 8, len(tags))
    return head + table + bytes(4) + long + b"".join(strips)


def jpeg_xl_header(*fields: tuple[int, int]) -> bytes:
    """The beginning of a naked JPEG XL of 8x8 pixels: numbers of so many bits each, the lowest first; no pixels.

    Source: ISO/IEC 18181-1, image header.
    """
    value, width = 0, 0
    for number, bits in ((0xAFF, 16), (1, 1), (0, 5), (1, 3), *fields):  # the signature; small, 8 high, as wide as high
        value |= number << width
        width += bits
    return value.to_bytes((width + 7) // 8 + 99, "little")


def animated_jpeg_xl() -> bytes:
    """A header that says so: not by default, with more fields, upright, no other size, no preview, animated."""
    return jpeg_xl_header((0, 1), (1, 1), (0, 3), (0, 1), (0, 1), (1, 1))
