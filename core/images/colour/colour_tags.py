"""Which colours the values of a picture file are in: by its profile, or by tags that stand for one.

A PNG is read in the order of the PNG specification, third edition (4.3): cICP, iCCP, sRGB, gAMA and cHRM. Elsewhere a
profile comes first, then the codes (nclx) of AVIF. EXIF's Adobe RGB counts where nothing else is said.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import IO, NamedTuple

from PIL import Image, TiffImagePlugin

from core.images.bit_depth import raw_mode
from core.images.colour.cicp import Cicp, cicp_profile
from core.images.colour.icc import SRGB, cicp_of
from core.images.colour.nclx import nclx_codes
from core.images.colour.rgb_profile import (
    D65,
    SRGB_CHROMATICITIES,
    SRGB_CURVE,
    Chromaticities,
    gamma_curve,
    rgb_profile,
)
from core.images.containers.container_parsing import png_chunk
from core.images.exif import exif_of, is_adobe_rgb
from core.images.extras.jpeg_xl import JpegXlFile

_ADOBE = rgb_profile(
    "Adobe RGB (1998) compatible",
    Chromaticities(D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
    gamma_curve(563 / 256),
)
_SRGB_GAMMA, _NEAR_GAMMA = 0.45455, 0.05
"""gAMA of sRGB, and by what share of it another is taken for it: programs write 0.45 and 0.4545."""
_NEAR_POINT = 0.005
"""By how much x and y of cHRM may be off sRGB's and still be taken for them."""
_LEAST_GAMMA, _MOST_GAMMA = 0.1, 5.0
_OTHER_SPACES = ("CMYK", "LAB")


class SourceColours(NamedTuple):
    """What values become sRGB by: an ICC profile, or None where they are sRGB. `tagged`: it is not the one in the file.

    `kept` is what an output may be given in its place: none where a picture cannot be written in it, as in PQ.
    """

    profile: bytes | None
    kept: bytes | None
    tagged: bool = False


def source_colours(image: Image.Image, file: IO[bytes]) -> SourceColours:
    """What the undecoded `image`, open as `file`, says of its colours. Broken tags count as absent."""
    found = image.info.get("icc_profile")
    embedded = found if isinstance(found, bytes) and found else None
    if image.mode in _OTHER_SPACES:
        return SourceColours(embedded, embedded)
    codes, bits = _codes(image, file, embedded)
    by_codes = cicp_profile(codes, bits) if codes else None
    if codes and by_codes:
        kept = None if codes.is_hdr or not codes.full_range or by_codes == SRGB else by_codes
        return SourceColours(by_codes, kept, embedded is not None or by_codes != SRGB)
    if embedded:
        return SourceColours(embedded, None if isinstance(image, JpegXlFile) and image.is_linear else embedded)
    tagged = _png_profile(image) if image.format == "PNG" else None
    if tagged is None and _is_adobe_rgb(image, file):
        tagged = _ADOBE
    return SourceColours(tagged, tagged, True) if tagged and tagged != SRGB else SourceColours(None, None)


def adobe_rgb() -> SourceColours:
    """What a file is read by of which EXIF alone says anything, and says Adobe RGB."""
    return SourceColours(_ADOBE, _ADOBE, True)


def _codes(image: Image.Image, file: IO[bytes], embedded: bytes | None) -> tuple[Cicp | None, int]:
    """The codes that come before a profile, and the bits of the values that they are of."""
    if image.format == "PNG":
        data = png_chunk(file, b"cICP", 64)
        bits = 16 if ";16" in raw_mode(image) else 8
        if data and len(data) == 4 and data[2] == 0:
            return Cicp(data[0], data[1], data[3] == 1), bits
    if embedded is None:
        return (nclx_codes(file) if image.format in ("AVIF", "HEIF") else None), 8
    codes = cicp_of(embedded)  # such profiles were made for HDR, and their curves reach up to 10,000 cd/m2
    return (Cicp(*codes) if codes and Cicp(*codes).is_hdr else None), 8


def _png_profile(image: Image.Image) -> bytes | None:
    """The profile of what the chunks sRGB, gAMA and cHRM say; None if they say nothing."""
    info = image.info
    if "srgb" in info:
        return SRGB
    gamma, points = info.get("gamma"), info.get("chromaticity")
    gamma = gamma if isinstance(gamma, float) and _LEAST_GAMMA <= gamma <= _MOST_GAMMA else None
    colours = _chromaticities(points)
    if gamma is None and colours is None:
        return None
    if colours in (None, SRGB_CHROMATICITIES) and (gamma is None or abs(gamma / _SRGB_GAMMA - 1) < _NEAR_GAMMA):
        return SRGB
    curve = SRGB_CURVE if gamma is None else gamma_curve(1 / gamma)
    return rgb_profile(f"PNG gamma {gamma or _SRGB_GAMMA:.5f}", colours or SRGB_CHROMATICITIES, curve)


def _chromaticities(points: Sequence[float] | None) -> Chromaticities | None:
    if not points or len(points) != 8:
        return None
    pairs = [(points[place], points[place + 1]) for place in range(0, 8, 2)]
    near = zip(pairs, SRGB_CHROMATICITIES, strict=True)
    if all(max(abs(x - sx), abs(y - sy)) < _NEAR_POINT for (x, y), (sx, sy) in near):
        return SRGB_CHROMATICITIES
    found = Chromaticities(*pairs)
    return found if rgb_profile("", found, SRGB_CURVE) else None


def _is_adobe_rgb(image: Image.Image, file: IO[bytes]) -> bool:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        try:
            return is_adobe_rgb(image.getexif())
        except (ValueError, KeyError, TypeError, SyntaxError, OSError, struct.error):  # corrupt EXIF
            return False
    return is_adobe_rgb(exif_of(image, file))
