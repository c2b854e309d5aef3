"""EXIF of a picture file: how it lies, and whether its colours are Adobe RGB. Corrupt EXIF counts as absent."""

from __future__ import annotations

from typing import IO, Any

from PIL import ExifTags, Image

from core.images.containers.container_parsing import png_chunk

LONGEST = 1 << 20
"""Bytes of EXIF over which it is not read."""

_ORIENTATION = 0x0112
_COLOUR_SPACE, _INTEROPERABILITY_INDEX = 0xA001, 1
_SRGB, _ADOBE_RGB = 1, 2


def exif_of(image: Image.Image, file: IO[bytes]) -> bytes | None:
    """The bytes of EXIF in the undecoded `image`, open as `file`, if they are LONGEST at most; None for a TIFF."""
    found = png_chunk(file, b"eXIf", LONGEST) if image.format == "PNG" else image.info.get("exif")
    return found if isinstance(found, bytes) and 0 < len(found) <= LONGEST else None


def orientation_in(exif: bytes | None) -> int:
    """The orientation in the bytes of EXIF, 1 to 8; 1, upright, when nothing valid is there."""
    value = _loaded(exif, lambda found: found.get(_ORIENTATION)) if exif else 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def is_adobe_rgb(exif: bytes | Image.Exif | None) -> bool:
    """Whether EXIF says that the colours are Adobe RGB.

    By DCF 2.0 that is the interoperability index R03 in a file whose ColorSpace does not say sRGB. Some programs write
    ColorSpace 2 instead, which EXIF does not have.
    """
    if not exif:
        return False
    found = _loaded(exif, _colour_space)
    if not isinstance(found, tuple):
        return False
    space, index = found
    named = index.rstrip(b"\0 ") if isinstance(index, bytes) else str(index).rstrip("\0 ").encode(errors="replace")
    return space == _ADOBE_RGB or (named == b"R03" and space != _SRGB)


def _colour_space(exif: Image.Exif) -> tuple[Any, Any]:
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    if _COLOUR_SPACE not in inner and ExifTags.IFD.Interop not in inner:
        return None, None
    return inner.get(_COLOUR_SPACE), exif.get_ifd(ExifTags.IFD.Interop).get(_INTEROPERABILITY_INDEX)


def _loaded(exif: bytes | Image.Exif, ask: Any) -> Any:
    """What `ask` finds in EXIF; None if that is corrupt, which makes the parser raise anything: the pixels are good."""
    try:
        if isinstance(exif, bytes):
            loaded = Image.Exif()
            loaded.load(exif)
            exif = loaded
        return ask(exif)
    except Exception:
        return None
