"""Opening a picture file: which kinds are read, and what a file that cannot be opened is told.

A file is judged by its content, never by its suffix, and from its header before a pixel is decoded. Every way
in which a file can be wrong ends in one of `core.errors`, with a sentence that names the file and a remedy.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from PIL import Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from core.errors import JobError, Missing, OutOfMemory, TooLarge, Unreadable, Unsupported
from core.images.container_parsing import TIFF_MAGIC, tiff_entries, webp_size
from core.images.decode_limits import check_header

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff"})
"""Lower-case suffixes of the pictures that Nocturne reads."""

RAW_SUFFIXES = frozenset(
    """
    .3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf
    .raw .rw2 .rwl .sr2 .srf .srw .x3f
    """.split()  # noqa: SIM905
)
"""Camera raws. Many are TIFF inside, where only a thumbnail would be read: these are refused by suffix."""

OTHER_PICTURE_SUFFIXES = RAW_SUFFIXES | frozenset(
    """
    .ai .apng .avif .avifs .bmp .cin .cur .dds .dib .dpx .emf .eps .exr .fits .gif .hdr .heic .heics
    .heif .heifs .hif .icns .ico .j2c .j2k .jls .jp2 .jpf .jpm .jpx .jxl .jxr .kra .mng .pam .pbm
    .pcx .pdf .pgm .pic .pict .pfm .pnm .ppm .psb .psd .qoi .ras .sgi .svg .svgz .tga .wbmp .wdp
    .wmf .xbm .xcf .xpm
    """.split()  # noqa: SIM905
)
"""Lower-case suffixes of pictures that Nocturne knows and does not read."""

MAX_PIXELS = 120_000_000
"""Default pixel limit of a picture."""

_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
_CONVERT = "convert it to JPEG, PNG, WebP or TIFF, or leave it out"

_OTHER_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "a GIF"),
    (0, b"BM", "a BMP"),
    (4, b"ftyp", "a HEIF, AVIF or video file"),
    (4, b"jP  ", "a JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (4, b"JXL ", "a JPEG XL"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"gimp xcf", "a GIMP document"),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (0, b"#?RADIANCE", "a Radiance HDR picture"),
    (0, b"#?RGBE", "a Radiance HDR picture"),
    (0, b"\0\0\1\0", "an icon"),
    (0, b"%PDF", "a PDF"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"qoif", "a QOI"),
    (0, b"DDS ", "a DDS texture"),
)
"""(offset, bytes, what the file is): kinds that are told apart from damaged files."""

# The pixel limit below replaces Pillow's own, which would warn at 89 megapixels and fail at 179.
Image.MAX_IMAGE_PIXELS = None
# What Pillow logs of a bad file (to the terminal, when nothing else is set up) is said in the exception.
logging.getLogger("PIL").setLevel(logging.CRITICAL)


def quoted(path: str | Path) -> str:
    """A path for a message: quoted, with control characters, line breaks and undecodable bytes escaped."""
    return repr(os.fspath(path))


@contextlib.contextmanager
def open_picture(path: str | Path) -> Iterator[IO[bytes]]:
    """The regular file `path`, open for reading; whatever goes wrong within becomes a JobError (see
    `judged`).

    Raises Missing, Unreadable or Unsupported; never waits on a FIFO.
    """
    name = quoted(path)
    with decoder_errors(name), _open_regular(path, name) as file:
        _require_regular(os.fstat(file.fileno()), name)
        if Path(path).suffix.lower() in RAW_SUFFIXES:
            raise Unsupported(f"{name} is a camera raw file, which is not read", f"{_CONVERT}.")
        yield file


def identify(file: IO[bytes], name: str, max_pixels: int = MAX_PIXELS) -> ImageFile.ImageFile:
    """The picture in the open `file`, from its header. `name` is what messages call it.

    Raises Unreadable, Unsupported or TooLarge; a decoder's own exceptions pass through, for `judged` to
    translate.
    """
    _hush_pillow()
    head = first_bytes(file, name)
    # Judged before Pillow opens it: the WebP decoder allocates the whole canvas at once.
    _check_pixels(webp_size(head), name, max_pixels)
    check_header(file, head, name)
    file.seek(0)
    try:
        image = Image.open(file, formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise _unidentified_error(file, head, name) from error
    _check_pixels(image.size, name, max_pixels)
    return image


def webp_size_within(file: IO[bytes], name: str, max_pixels: int) -> tuple[int, int] | None:
    """Canvas size of a WebP, from its header alone; None for any other file. Raises Unreadable or TooLarge."""
    size = webp_size(first_bytes(file, name))
    _check_pixels(size, name, max_pixels)
    return size


def first_bytes(file: IO[bytes], name: str) -> bytes:
    """The first bytes of the open `file`. Raises Unreadable if there is none."""
    file.seek(0)
    head = file.read(64)
    if not head:
        raise Unreadable(f"{name} is empty (0 bytes)", "copy it again from its source.")
    return head


@contextlib.contextmanager
def decoder_errors(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises within into a JobError. `name` is what messages call the file."""
    try:
        yield
    except JobError:
        raise
    except MemoryError as error:
        raise OutOfMemory(f"{name} needs more memory than there is", "make it smaller, or free memory.") from error
    except Exception as error:  # a hostile file can make a decoder raise anything
        raise Unreadable(f"{name} is damaged ({_one_line(error)})", "copy it again from its source.") from error


def _open_regular(path: str | Path, name: str) -> IO[bytes]:
    try:
        _require_regular(Path(path).stat(), name)
        return os.fdopen(os.open(path, _READ_FLAGS), "rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(f"{name} is gone", "put it back, or leave it out of the library.") from error
    except PermissionError as error:
        raise Unreadable(f"{name} may not be read by this user", "change its permissions, or leave it out.") from error
    except (OSError, ValueError) as error:
        raise Unreadable(f"{name} cannot be opened ({_one_line(error)})", "check the disk and the name.") from error


def _require_regular(status: os.stat_result, name: str) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
    raise Unsupported(f"{name} is {kind}", "replace it with a picture, or leave it out.")


def _check_pixels(size: tuple[int, int] | None, name: str, max_pixels: int) -> None:
    if size is None or size[0] * size[1] <= max_pixels:
        return
    raise TooLarge(
        f"{name} is {size[0]}x{size[1]} = {size[0] * size[1]:,} pixels, over the limit of {max_pixels:,}",
        "make it smaller, or raise the pixel limit.",
    )


def _unidentified_error(file: IO[bytes], head: bytes, name: str) -> JobError:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for offset, magic, kind in _OTHER_MAGIC:
        if head.startswith(magic, offset) or (magic == b"<svg" and text.startswith(magic)):
            return Unsupported(f"{name} is {kind}, which is not read", f"{_CONVERT}.")
    if head.startswith(TIFF_MAGIC) and _is_other_tiff(file):
        return Unsupported(
            f"{name} is a TIFF whose kind of pixels is not read", "save it as an 8-bit or 16-bit RGB TIFF."
        )
    return Unreadable(f"{name} is not a picture, or its beginning is damaged", "replace it, or leave it out.")


def _is_other_tiff(file: IO[bytes]) -> bool:
    """Whether a TIFF that Pillow refused is whole as a file, and of a pixel layout that Pillow lacks."""
    if tiff_entries(file) is None:
        return False
    file.seek(0)
    try:
        TiffImagePlugin.TiffImageFile(file)
    except SyntaxError as error:
        return "unknown pixel mode" in str(error) or "unknown data organization" in str(error)
    except Exception:  # a hostile file can make a decoder raise anything
        return False
    return False


def _hush_pillow() -> None:
    """Ignore Pillow's warnings (odd metadata, odd palettes): this module judges files itself.

    The filter is put in place again whenever someone has reset the filters, and never taken away: restoring
    them as `warnings.catch_warnings` does is not safe when several threads decode.
    """
    first = warnings.filters[0] if warnings.filters else None
    if first is None or first[0] != "ignore" or getattr(first[3], "pattern", None) != r"PIL\.":
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _one_line(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return "".join(char if char.isprintable() else " " for char in text)[:120].strip()
