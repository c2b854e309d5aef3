"""Encode pixels as a picture file of any writable format, at 8 or 16 bits. The same pixels give the same bytes.

TIFF is written by tifffile, all else of 8 bits by Pillow. 16-bit colour PNG, which Pillow does not write, is put together
here (ISO 15948), a strip of rows at a time.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from core.images import credit_metadata, provenance
from core.images.containers.container_parsing import PNG_MAGIC
from core.images.credit_metadata import Credits
from core.images.formats import WRITABLE, FormatName
from core.images.pixel_types import Pixels

_STRIP = 1 << 22
_INCH = 0.0254


def encode_file(pixels: Pixels, format: FormatName, quality: int, profile: bytes, stamp: str, about: Credits) -> bytes:  # noqa: A002
    """Encode `pixels`, (height, width, 3 or 4), uint8 or, where the format has 16 bits, uint16; alpha straight.

    `profile` is embedded; `stamp` is what `core.images.provenance` makes, `about` goes beside it.
    """
    row = WRITABLE[format]
    if row.metadata == "tags":
        return _tiff(pixels, profile, stamp, about)
    carrier = credit_metadata.embed(about, format, provenance.embed(stamp, format) if stamp else {})
    if pixels.dtype == np.uint16:
        return _deep_png(pixels, profile, carrier)
    if not row.lossless:
        carrier["quality"] = quality
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, row.pillow, **row.save, icc_profile=profile, **carrier)
    return buffer.getvalue()


def _tiff(pixels: Pixels, profile: bytes, stamp: str, about: Credits) -> bytes:
    """Deflated, with horizontal differences; the stamp is its ImageDescription."""
    packet = credit_metadata.xmp(about)
    texts = [
        (tag, 2, 0, value + b"\0", True)
        for tag, value in credit_metadata.exif_tags(about).items()
        if isinstance(value, bytes)
    ]
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        pixels,
        photometric="rgb",
        extrasamples=["unassalpha"] if pixels.shape[2] == 4 else None,
        compression="zlib",
        predictor=True,
        metadata=None,
        software="Nocturne" if stamp else False,
        description=stamp or None,
        resolution=about.dpi,
        resolutionunit="inch" if about.dpi else None,
        iccprofile=profile,
        extratags=[*texts, *([(700, 1, len(packet), packet, True)] if packet else [])],
    )
    return buffer.getvalue()


def _deep_png(pixels: Pixels, profile: bytes, carrier: dict[str, Any]) -> bytes:
    height, width, channels = pixels.shape
    parts = [PNG_MAGIC, _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 6 if channels == 4 else 2, 0, 0, 0))]
    parts.append(_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile)))
    if "dpi" in carrier:
        parts.append(_chunk(b"pHYs", struct.pack(">IIB", *(round(dots / _INCH) for dots in carrier["dpi"]), 1)))
    if "pnginfo" in carrier:
        parts += [_chunk(kind, data) for kind, data, *_ in carrier["pnginfo"].chunks]
    parts += [_chunk(b"IDAT", data) for data in _deflated(pixels)]
    return b"".join([*parts, _chunk(b"IEND", b"")])


def _deflated(pixels: Pixels) -> Iterator[bytes]:
    """The rows, big-endian, each as its difference from the one above (filter 2), compressed as one stream."""
    packer = zlib.compressobj(6)
    above = np.zeros((1, pixels[0].nbytes), dtype=np.uint8)
    rows = max(1, _STRIP // pixels[0].nbytes)
    for top in range(0, len(pixels), rows):
        part = pixels[top : top + rows].astype(">u2").view(np.uint8).reshape(-1, above.shape[1])
        lines = np.full((len(part), above.shape[1] + 1), 2, dtype=np.uint8)
        lines[:, 1:] = part - np.concatenate([above, part[:-1]])
        above = part[-1:].copy()
        if data := packer.compress(lines.tobytes()):
            yield data
    yield packer.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
