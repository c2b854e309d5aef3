"""Kinds of picture that are known and not read, by what is in the file; bounded, without a decoder."""

from __future__ import annotations

import re
import zlib
from typing import IO

from core.images.containers.container_parsing import START_OF_SCAN, jpeg_segments
from core.images.containers.jxl_header import jxl_header
from core.images.formats import GIF, JPEG, JPEG_XL, RAW_SUFFIXES, TIFF, recognised

LONGEST_PROLOGUE = 1 << 16
"""Bytes of a text before its first element: a declaration, comments, a document type."""

_MOST_SEGMENTS = 1_000
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (GIF.magic, "a GIF"),
    (rb"BM", "a BMP"),
    (rb"FUJIFILMCCD-RAW|II(R[OS]|U\0|\x1a\0\0\0HEAPCCDR)|MMOR|FOVb|\0MRM|.{4}ftypcrx ", "a camera raw file"),
    (rb".{4}ftyp", "a video or a HEIF of another kind"),
    (rb".{4}jP  |\xff\x4f\xff\x51", "a JPEG 2000"),
    (rb"II\xbc[\0\1]", "a JPEG XR"),
    (rb"8BPS", "a Photoshop document"),
    (rb"gimp xcf", "a GIMP document"),
    (rb"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (rb"#\?(RADIANCE|RGBE)", "a Radiance HDR picture"),
    (rb"\0\0[\1\2]\0", "an icon"),
    (rb"icns", "an icon"),
    (rb"%PDF", "a PDF"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file"),
    (rb"qoif", "a QOI"),
    (rb"DDS ", "a DDS texture"),
    (rb"P[1-7][ \t\r\n]|P[Ff]\n", "a portable anymap (PNM)"),
    (rb"\x8a[MJ]NG\r\n|\x8bJNG\r\n", "an MNG"),
    (rb"BPG\xfb", "a BPG"),
    (rb"FLIF", "a FLIF"),
    (rb"SDPX|XPDS|\x80\x2a\x5f\xd7", "a film scan (DPX or Cineon)"),
    (rb"SIMPLE  =", "a FITS"),
    (rb"\x01\xda[\0\1][\1\2]\0[\1-\3]", "an SGI picture"),
    (rb"\x59\xa6\x6a\x95", "a Sun raster"),
    (rb"\x0a[\0-\5]\x01[\1\2\4\x08]", "a PCX"),
    (rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", "a Windows metafile"),
    (rb"/\* XPM \*/", "an XPM"),
)
"""Kinds that are told apart from damaged files, by what they begin with."""

_BASELINE, _PROGRESSIVE, _LOSSLESS, _JPEG_LS = 0xC0, 0xC2, 0xC3, 0xF7
_ARITHMETIC = (0xC9, 0xCA)
_FRAMES = frozenset({*range(0xC0, 0xD0), _JPEG_LS}) - {0xC4, 0xC8, 0xCC}
_SVG = re.compile(rb"\s*(<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>\[]*(\[.*?\]\s*)?>\s*)*<([a-z]+:)?svg[\s>/]", re.DOTALL)


def unread_kind(file: IO[bytes], head: bytes) -> str | None:
    """Name of the kind of the open `file`, which begins with `head`, if it is known and not read; None for all others."""
    known = recognised(head)
    if known is JPEG:
        return _unread_jpeg(file)
    if known is JPEG_XL:
        return _unread_jpeg_xl(file)
    if known is not None:
        return "a big-endian BigTIFF" if known is TIFF and head[:4] == b"MM\0+" else None
    found = next((kind for magic, kind in _MAGIC if re.match(magic, head, re.DOTALL)), None)
    return found or ("an SVG drawing" if _is_svg(file, head) else None)


def kind_by_suffix(suffix: str) -> str:
    """What a file of one of formats.OTHER_PICTURE_SUFFIXES is by its name.

    >>> kind_by_suffix(".tga"), kind_by_suffix(".nef")
    ('a TGA file', 'a camera raw file')
    """
    if suffix in RAW_SUFFIXES:
        return "a camera raw file"
    return f"{'an' if suffix[1] in 'aefhilmnorsx' else 'a'} {suffix[1:].upper()} file"


def _unread_jpeg(file: IO[bytes]) -> str | None:
    """What a JPEG is that decoders of 8-bit JPEGs do not read, by the marker of its frame (ITU-T T.81, T.87)."""
    for number, segment in enumerate(jpeg_segments(file)):
        if segment.marker in _FRAMES:
            file.seek(segment.start + 2)
            depth = int.from_bytes(file.read(1), "big")
            return _jpeg_process(segment.marker, depth)
        if segment.marker == START_OF_SCAN or number > _MOST_SEGMENTS:
            return None
    return None


def _jpeg_process(frame: int, depth: int) -> str | None:
    if frame == _JPEG_LS:
        return "a JPEG-LS"
    if _BASELINE <= frame <= _LOSSLESS or frame in _ARITHMETIC:
        lossless = "lossless " if frame == _LOSSLESS else ""
        return f"a {lossless}JPEG of {depth} bits a channel" if depth in range(2, 17) and depth != 8 else None
    return "a JPEG of a rare process (hierarchical, or lossless with arithmetic coding)"


def _unread_jpeg_xl(file: IO[bytes]) -> str | None:
    try:
        header = jxl_header(file)
    except ValueError:
        return None
    return "an animated JPEG XL" if header.animated else "a JPEG XL of CMYK" if header.black else None


def _is_svg(file: IO[bytes], head: bytes) -> bool:
    """Whether a text, in UTF-8 or UTF-16, or compressed by gzip, has `svg` as its first element."""
    if head[:2] not in (b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff") and not re.match(rb"(\xef\xbb\xbf)?\s*<", head):
        return False
    file.seek(0)
    text = file.read(LONGEST_PROLOGUE)
    if text[:2] == b"\x1f\x8b":
        try:
            text = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(text, LONGEST_PROLOGUE)
        except zlib.error:
            return False
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = text.replace(b"\0", b"")[2:]
    return _SVG.match(text.removeprefix(b"\xef\xbb\xbf")) is not None
