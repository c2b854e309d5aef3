"""Table of picture file formats: how each is recognised, read, limited and written. A new format is one more row of it."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.images.containers.container_parsing import PNG_MAGIC


@dataclass(frozen=True)
class FileFormat:
    """One file format; what is said of writing counts for outputs."""

    name: str
    """The recipe's word for it, and the suffix of outputs."""
    title: str
    pillow: str
    """Pillow's name."""
    feature: str
    """What Pillow must have been built with, as a name of `PIL.features`."""
    media_type: str
    magic: bytes
    """Regular expression of what files begin with."""
    suffixes: tuple[str, ...]
    """Lower-case suffixes of its files."""
    longest_side: int
    """Pixels a side that a file can hold, and be read again with."""
    bytes_per_pixel: float = 0.0
    """Size of stylised pictures on disk, measured on the sample pictures; they are busier than photographs."""
    save: Mapping[str, Any] = field(default_factory=dict)
    """What Pillow is told when it writes a picture."""
    animation: Mapping[str, Any] | None = None
    """What Pillow is told when it writes frames; None where frames are not written."""
    depths: tuple[int, ...] = (8,)
    """Bits a channel that outputs may have."""
    lossless: bool = False
    alpha: bool = True
    metadata: Literal["exif", "text", "tags"] = "exif"
    """What carries credits and the stamp: EXIF and XMP, a PNG's texts, or a TIFF's tags."""
    in_browsers: bool = True
    readable: bool = True
    """Whether every install reads it."""
    writable: bool = True
    extra: str = ""
    """The extra of an install that reads it; empty where Pillow does."""
    decoder: str = ""
    """`module:Class` of the extra's decoder, a subclass of Pillow's ImageFile."""
    package: str = ""
    """The package that the extra installs, as it is imported."""

    def matches(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes, 64 or all of it, is of this format, or looks so."""
        return re.match(self.magic, head, re.DOTALL) is not None

    @property
    def available(self) -> bool:
        """Whether the installed Pillow has what this format needs, or the extra is installed."""
        if self.extra:
            return importlib.util.find_spec(self.package) is not None
        from PIL import features

        return features.check(self.feature) is not False


ANY_SIDE = 2**31 - 1

JPEG = FileFormat(
    *("jpg", "JPEG", "JPEG", "jpg", "image/jpeg", rb"\xff\xd8\xff", (".jpg", ".jpeg", ".jpe", ".jfif"), 65_500, 0.9),
    save={"subsampling": 0},
    alpha=False,
)
PNG = FileFormat(
    *("png", "PNG", "PNG", "zlib", "image/png", re.escape(PNG_MAGIC), (".png",), ANY_SIDE, 2.2),
    save={"compress_level": 6},
    depths=(8, 16),
    lossless=True,
    metadata="text",
)
WEBP = FileFormat(
    *("webp", "WebP", "WEBP", "webp", "image/webp", rb"RIFF.{4}WEBP", (".webp",), 16_383, 0.6),
    save={"method": 4},
    animation={"quality": 90},
)
TIFF = FileFormat(
    *("tiff", "TIFF", "TIFF", "libtiff", "image/tiff", rb"II[*+]\0|MM\0[*+]", (".tiff", ".tif"), ANY_SIDE, 2.4),
    depths=(8, 16),
    lossless=True,
    metadata="tags",
    in_browsers=False,
)
AVIF = FileFormat(
    *(
        "avif",
        "AVIF",
        "AVIF",
        "avif",
        "image/avif",
        rb".{4}ftyp(avi[fs]|(mif1|msf1).{4}(.{4}){0,10}?avi[fs])",
        (".avif",),
    ),
    longest_side=32_768,  # files may have 65,536, which libavif writes and does not read
    bytes_per_pixel=0.8,
    save={"subsampling": "4:4:4", "max_threads": 1},  # the number of threads decides the bytes
)
GIF = FileFormat(
    *("gif", "GIF", "GIF", "zlib", "image/gif", rb"GIF8", (".gif",), 65_535),
    animation={},
    readable=False,
    writable=False,
)

HEIC = FileFormat(
    *("heic", "HEIC", "HEIF", "", "image/heic", rb".{4}ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)"),
    suffixes=(".heic", ".heif", ".hif", ".heics", ".heifs"),
    longest_side=32_768,
    in_browsers=False,
    readable=False,
    writable=False,
    extra="heif",
    decoder="pi_heif.as_plugin:HeifImageFile",
    package="pi_heif",
)
JPEG_XL = FileFormat(
    *("jxl", "JPEG XL", "JXL", "", "image/jxl", rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", (".jxl",), ANY_SIDE),
    in_browsers=False,
    readable=False,
    writable=False,
    extra="jxl",
    decoder="core.images.extras.jpeg_xl:JpegXlFile",
    package="pyjpegxl",
)

FORMATS = (JPEG, PNG, WEBP, TIFF, AVIF, HEIC, JPEG_XL, GIF)
READABLE = tuple(each for each in FORMATS if each.readable)
"""Formats that every install reads."""
BY_EXTRAS = tuple(each for each in FORMATS if each.extra)
"""Formats that are read where an extra is installed."""
WRITABLE = {each.name: each for each in FORMATS if each.writable}
"""Formats of outputs by the recipe's word."""
ANIMATED = {suffix: each for each in FORMATS[::-1] if each.animation is not None for suffix in each.suffixes}
"""Formats of frames by suffix."""

if TYPE_CHECKING:
    FormatName = str
else:
    FormatName = Literal[tuple(WRITABLE)]
"""A key of WRITABLE."""

PICTURE_SUFFIXES = frozenset(suffix for each in READABLE for suffix in each.suffixes)
"""Lower-case suffixes of the pictures that Nocturne reads."""

RAW_SUFFIXES = frozenset(
    """
    .3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf
    .raw .rw2 .rwl .sr2 .srf .srw .x3f
    """.split()  # noqa: SIM905
)
"""Camera raws. Many are TIFF inside, where only a thumbnail would be read: a TIFF of these suffixes is taken for one."""

OTHER_PICTURE_SUFFIXES = (
    RAW_SUFFIXES
    | frozenset(
        """
    .ai .apng .avif .avifs .bmp .cin .cur .dds .dib .dpx .emf .eps .exr .fits .gif .hdr .heic .heics
    .heif .heifs .hif .icns .ico .j2c .j2k .jls .jp2 .jpf .jpm .jpx .jxl .jxr .kra .mng .pam .pbm
    .pcx .pdf .pgm .pic .pict .pfm .pnm .ppm .psb .psd .qoi .ras .sgi .svg .svgz .tga .wbmp .wdp
    .wmf .xbm .xcf .xpm
    """.split()  # noqa: SIM905
    )
) - PICTURE_SUFFIXES
"""Lower-case suffixes of pictures of other kinds. Their content decides: many a JPEG is called .heic or .gif."""


def recognised(head: bytes) -> FileFormat | None:
    """The format of a file that begins with these bytes, of those that are read or that an extra reads; None if of none."""
    return next((each for each in (*READABLE, *BY_EXTRAS) if each.matches(head)), None)


def is_read_by_an_extra(suffix: str) -> bool:
    """Whether the extra is installed that reads files of this lower-case suffix."""
    return any(suffix in each.suffixes and each.available for each in BY_EXTRAS)


TITLES = tuple(each.title for each in READABLE)


def listed(words: Iterable[str] = TITLES, last: str = "or") -> str:
    """Words as a sentence has them; by default the titles of the formats that are read.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b"], "and")
    ('a', 'a, b or c', 'a and b')
    """
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end
