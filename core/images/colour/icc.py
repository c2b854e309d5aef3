"""ICC colour profiles: conversion to and from sRGB with Little CMS, and the sRGB profile that outputs embed."""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from core.images import bit_depth
from core.images.colour.icc_matrix import grey_profile, matrix_profile
from core.images.pixel_types import U8, U16, Samples

CICP_OF_SRGB = (1, 13)
"""Codes of primaries and transfer (ITU-T H.273) of sRGB."""

LARGEST = 4 << 20
"""Bytes of a profile over which it is not embedded in an output."""

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


def deep_to_srgb(pixels: U16, icc: bytes) -> U8:
    """Colours (height, width, 3) of 16 bits, of a profile of a matrix and curves, as sRGB of 8 bits; with a grey profile,
    greys of three equal channels. Raises ValueError for another profile.
    """
    profile, srgb = matrix_profile(icc) or grey_profile(icc), matrix_profile(SRGB)
    if profile is None or srgb is None:
        raise ValueError("a profile of tables")
    return profile.rounded_to_8_bits(pixels, srgb)


def cicp_of(icc: bytes) -> tuple[int, int] | None:
    """Codes of primaries and transfer (ITU-T H.273) that a profile has (ICC.1:2022, 9.2.17), if it has any."""
    try:
        (count,) = struct.unpack_from(">I", icc, _TAGS - 4)
        for at in range(_TAGS, _TAGS + 12 * min(_MOST_TAGS, count), 12):
            name, start = struct.unpack_from(">4sI", icc, at)
            if name == b"cicp":
                kind, primaries, transfer = struct.unpack_from(">4s4xBB", icc, start)
                return (primaries, transfer) if kind == b"cicp" else None
    except struct.error:
        pass
    return None


def from_srgb(pixels: Samples, icc: bytes) -> Samples | None:
    """sRGB colours (height, width, 3) in the RGB profile `icc`, of the same depth; None if that cannot hold pictures.

    Relative colorimetric, black point compensated; colours that the profile lacks are cut off. 8 bits by Little CMS.
    16 bits by the profile's own matrix and curves where it is made of those, as working spaces are; through tables
    no finer than by 8.
    """
    mode, transform = _transform(icc)
    if mode != "RGB" or len(icc) > LARGEST:
        return None
    if transform is None:
        return pixels
    if pixels.dtype == np.uint16:
        deep = _deep(pixels.astype(np.uint16, copy=False), icc)
        return None if deep is None else deep.astype(pixels.dtype, copy=False)
    back = _back_transform(icc)
    if back is None:
        return None
    return np.asarray(_applied(Image.fromarray(pixels), back)).astype(pixels.dtype, copy=False)


def _deep(pixels: U16, icc: bytes) -> U16 | None:
    srgb, wanted = matrix_profile(SRGB), matrix_profile(icc)
    if srgb is not None and wanted is not None:
        return srgb.converted(pixels, wanted)
    shallow = from_srgb(bit_depth.eight_bits(pixels), icc)
    return None if shallow is None else shallow.astype(np.uint16) * 257


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


@lru_cache(maxsize=32)
def _back_transform(icc: bytes) -> ImageCms.ImageCmsTransform | None:
    """The transform from sRGB to an RGB profile, None if it has no way back, as those of scanners have none."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(_without_programs(icc)))
        return ImageCms.buildTransform(_srgb(), profile, "RGB", "RGB", _INTENT, _FLAGS)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError, struct.error):
        return None


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
