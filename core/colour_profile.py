"""Colour profiles: pictures in any profile become sRGB, and outputs say that they are sRGB."""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FINE = ImageCms.Flags.HIGHRESPRECALC  # the coarser table is off by up to five grey levels
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION | _FINE
_TAGS, _MOST_TAGS = 132, 1_000
_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def _srgb_bytes() -> bytes:
    """Little CMS's sRGB profile with its creation date (bytes 24 to 35) fixed, so that it never varies."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    date = b"".join(part.to_bytes(2, "big") for part in (2000, 1, 1, 0, 0, 0))
    return made[:24] + date + made[36:]


SRGB: bytes = _srgb_bytes()
"""The sRGB profile (IEC 61966-2-1) that is embedded in every output."""


def to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """An 8-bit picture of mode L, RGB, CMYK or LAB as mode RGB in sRGB.

    `icc` is the profile that the file carries. Without one, and with one that is broken or made for another
    kind of pixels, grey and RGB values are taken as sRGB and CMYK by the plain formula. LAB needs none: it is
    CIE L*a*b* at D50.
    """
    if image.mode == "LAB":
        return _applied(image, _lab_transform())
    if not icc:
        return image.convert("RGB")
    mode, transform = _transform(icc)
    if image.mode == "L" and mode == "RGB":
        image = image.convert("RGB")
    if transform is None or image.mode != mode:
        return image.convert("RGB")
    return _applied(image, transform)


def _applied(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # only in-place transforms give None
    return converted


@lru_cache(maxsize=32)
def _transform(icc: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """The mode that a profile is for, and its transform to sRGB: None if it is broken, or sRGB already."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(_without_programs(icc)))
        mode = _MODE_OF_SPACE.get(profile.profile.xcolor_space.strip(), "")
        if not mode:
            return "", None
        transform = ImageCms.buildTransform(profile, _srgb(), mode, "RGB", _INTENT, _FLAGS)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError, struct.error):
        return "", None
    return mode, None if mode == "RGB" and _changes_nothing(transform) else transform


def _without_programs(icc: bytes) -> bytes:
    """The profile with its multi-process elements (ICC.1:2022, 10.16) hidden, whose steps can take minutes.

    Only profiles of version 4 and later have them, and always beside the tables that every reader must know.
    """
    table = bytearray(icc[_TAGS : _TAGS + 12 * min(_MOST_TAGS, struct.unpack_from(">I", icc, _TAGS - 4)[0])])
    for at in range(0, len(table) - 11, 12):
        (start,) = struct.unpack_from(">I", table, at + 4)
        if icc[start : start + 4] == b"mpet":
            table[at : at + 4] = b"none"
    return icc[:_TAGS] + bytes(table) + icc[_TAGS + len(table) :]


@lru_cache(maxsize=1)
def _lab_transform() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), _srgb(), "LAB", "RGB", _INTENT, _FINE)


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(SRGB))


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a transform moves no colour by more than one grey level: then the profile is sRGB by another
    maker.

    Leaving such pictures alone makes reading what was written exact, whoever's sRGB profile they carry.
    """
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    moved = np.asarray(_applied(Image.fromarray(grid), transform)).astype(np.int16)
    return bool(np.abs(moved - grid).max() <= 1)
