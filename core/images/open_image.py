"""Open a picture file, identify its format, and turn every decoder error into a JobError with a remedy.

A file is judged by its content, never by its suffix, and from its header before a pixel is decoded. Every way
in which a file can be wrong ends in one of `core.errors`, with a sentence that names the file and a remedy.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from PIL import Image, ImageFile, ImagePalette, TiffImagePlugin, UnidentifiedImageError

from core.errors import JobError, Missing, OutOfMemory, TooLarge, Unreadable, Unsupported
from core.images import formats
from core.images.containers.container_parsing import webp_size
from core.images.containers.png_view import readable_view
from core.images.containers.tiff_pages import PageView, camera_raw, first_page, picture_page, tiff_entries
from core.images.containers.unread_kinds import kind_by_suffix, unread_kind
from core.images.decode_limits import check_header
from core.images.extras.loading import extra_decoder
from core.storage.bounded_read import NotRegular, open_regular

MAX_PIXELS = 120_000_000
"""Default pixel limit of a picture."""

_COLOR_MAP = 320
_CONVERT = f"convert it to {formats.listed()}, or leave it out."

# The pixel limit below replaces Pillow's own, which would warn at 89 megapixels and fail at 179.
Image.MAX_IMAGE_PIXELS = None
# What Pillow logs of a bad file (to the terminal, when nothing else is set up) is said in the exception.
logging.getLogger("PIL").setLevel(logging.CRITICAL)


def quoted(path: str | Path) -> str:
    """A path for a message: quoted, with control characters, line breaks and undecodable bytes escaped."""
    return repr(os.fspath(path))


@contextlib.contextmanager
def open_picture(path: str | Path) -> Iterator[IO[bytes]]:
    """Open the regular file `path` for reading; whatever goes wrong within becomes a JobError (see `decoder_errors`).

    Raises Missing, Unreadable or Unsupported; never waits on a FIFO. A suffix counts where the content says too little.
    """
    name = quoted(path)
    with decoder_errors(name), _opened_file(path, name) as file:
        _check_suffix(file, Path(path).suffix.lower(), name)
        yield file


def identify(file: IO[bytes], name: str, max_pixels: int = MAX_PIXELS) -> ImageFile.ImageFile:
    """Open the undecoded picture in the open `file`, from its header. `name` is what messages call it.

    Raises Unreadable, Unsupported or TooLarge; a decoder's own exceptions pass through, for `decoder_errors` to
    translate.
    """
    _hush_pillow()
    head = first_bytes(file, name)
    # Judged before Pillow opens it: the WebP decoder allocates the whole canvas at once.
    _check_pixels(webp_size(head), name, max_pixels)
    check_header(file, head, name)
    kind = unread_kind(file, head)
    if kind:
        raise Unsupported(f"{name} is {kind}, which is not read", _CONVERT)
    try:
        view, profile = _view(file, head, name)
        image = _opened(view, formats.recognised(head), name)
    except UnidentifiedImageError as error:
        raise _unidentified_error(file, head, name) from error
    if profile:
        image.info["icc_profile"] = profile
    if isinstance(image, TiffImagePlugin.TiffImageFile) and has_8_bit_palette(image):
        image.palette = ImagePalette.raw("RGB;L", bytes(image.tag_v2[_COLOR_MAP]))
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
        if is_out_of_reach(error):
            raise out_of_reach_error(name, error) from error
        raise Unreadable(f"{name} is damaged ({_one_line(error)})", "copy it again from its source.") from error


OUT_OF_REACH = frozenset(
    getattr(errno, name)
    for name in (
        *(
            "EIO",
            "ESTALE",
            "ETIMEDOUT",
            "EHOSTDOWN",
            "EHOSTUNREACH",
            "ENETDOWN",
            "ENETUNREACH",
            "ENOTCONN",
            "ECONNRESET",
        ),
        *("ECONNABORTED", "EREMOTEIO", "ENXIO", "ENODEV", "EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EBUSY"),
    )
    if hasattr(errno, name)
)
"""What a system answers where a disk, a network share or the machine is at fault, and not the file."""


def is_out_of_reach(error: BaseException) -> bool:
    """Whether an error says that a file cannot be reached now, and may be later."""
    return isinstance(error, OSError) and error.errno in OUT_OF_REACH


def out_of_reach_error(name: str, error: BaseException) -> Missing:
    """What to raise for it: its job is tried again the next night."""
    return Missing(
        f"{name} cannot be reached now ({_one_line(error)})", "look at its disk or its share; it is tried again."
    )


def _opened_file(path: str | Path, name: str) -> IO[bytes]:
    try:
        return open_regular(path)
    except NotRegular as error:
        raise Unsupported(f"{name} is {error.kind}", "replace it with a picture, or leave it out.") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(f"{name} is gone", "put it back, or leave it out of the library.") from error
    except PermissionError as error:
        raise Unreadable(f"{name} may not be read by this user", "change its permissions, or leave it out.") from error
    except (OSError, ValueError) as error:
        if is_out_of_reach(error):
            raise out_of_reach_error(name, error) from error
        raise Unreadable(f"{name} cannot be opened ({_one_line(error)})", "check the disk and the name.") from error


def _check_suffix(file: IO[bytes], suffix: str, name: str) -> None:
    """Raises Unsupported for a file that by its suffix is of a kind that is not read here, unless it is by its content of a
    known one; also for a TIFF with the suffix of a camera raw, of which a decoder might see the preview alone.
    """
    other = suffix in formats.OTHER_PICTURE_SUFFIXES and not formats.is_read_by_an_extra(suffix)
    head = file.read(64) if other else b""
    known = formats.recognised(head)
    if head and suffix in formats.RAW_SUFFIXES and known in (None, formats.TIFF):
        raise camera_raw(name)
    if head and known is None and unread_kind(file, head) is None:
        raise Unsupported(f"{name} is {kind_by_suffix(suffix)} by its name, which is not read", _CONVERT)
    file.seek(0)


def _check_pixels(size: tuple[int, int] | None, name: str, max_pixels: int) -> None:
    if size is None or size[0] * size[1] <= max_pixels:
        return
    raise TooLarge(
        f"{name} is {size[0]}x{size[1]} = {size[0] * size[1]:,} pixels, over the limit of {max_pixels:,}",
        "make it smaller, or raise the pixel limit.",
    )


def _unidentified_error(file: IO[bytes], head: bytes, name: str) -> JobError:
    known = formats.recognised(head)
    if known and not known.available:
        what = f"{name} is a picture of the format {known.title}, which the installed Pillow was built without"
        return Unsupported(what, f"install Pillow from a wheel, or {_CONVERT}")
    if known is formats.TIFF and _is_other_tiff(file):
        return Unsupported(
            f"{name} is a TIFF whose kind of pixels is not read", "save it as an 8-bit or 16-bit RGB TIFF."
        )
    return Unreadable(f"{name} is not a picture, or its beginning is damaged", "replace it, or leave it out.")


def _opened(view: IO[bytes], known: formats.FileFormat | None, name: str) -> ImageFile.ImageFile:
    """The undecoded picture. A decoder of an extra is given just the files of its format, and not registered in Pillow."""
    if known is None or not known.extra:
        return Image.open(view, formats=[each.pillow for each in formats.READABLE])
    if not known.available:
        raise Unsupported(
            f"{name} is a {known.title}, which is read by the extra `{known.extra}`",
            f"install it (pip install -e '.[{known.extra}]'), {_CONVERT}",
        )
    try:
        return extra_decoder(known.decoder)(view)
    except SyntaxError as error:
        if "nsupported" in str(error):  # such as a picture in it that is not in HEVC
            raise Unsupported(f"{name} is a HEIC of a kind that is not read ({_one_line(error)})", _CONVERT) from error
        raise


def _view(file: IO[bytes], head: bytes, name: str) -> tuple[IO[bytes], bytes | None]:
    """What the decoder is to see of the open `file`, and a profile that it does not see.

    Of a TIFF that is the page that is the picture; of a PNG all but metadata that would stop it.
    """
    known, profile = formats.recognised(head), None
    view, page = file, picture_page(file, name) if known is formats.TIFF else None
    first = first_page(file) if page else None
    if page and first and page.at != first.at:
        view = cast(IO[bytes], PageView(file, page))
    if known is formats.PNG:
        view, profile = readable_view(file)
    view.seek(0)
    return view, profile


def has_8_bit_palette(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Whether a TIFF's palette has 8-bit values where 16-bit ones belong, as some programs write it: all are below 256."""
    return image.mode in ("P", "PA") and 0 < max(image.tag_v2[_COLOR_MAP]) < 256


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
