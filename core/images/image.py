"""Read, resize, hash and write pictures: 8-bit sRGB, upright, with alpha apart.

Every picture becomes 8-bit sRGB, upright, with its transparency kept apart. What each kind of file becomes is
a table in `docs/pictures.md`. Safe to call from several threads at once.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from PIL import Image

from core.errors import Unsupported
from core.images import decoding
from core.images.alpha import over_white, straight
from core.images.bit_depth import DeepPicture, eight_bits
from core.images.colour import icc
from core.images.credit_metadata import NO_CREDITS, Credits
from core.images.encoding import encode_file
from core.images.formats import WRITABLE, FormatName, listed
from core.images.open_image import (
    MAX_PIXELS,
    decoder_errors,
    identify,
    open_picture,
    quoted,
    webp_size_within,
)
from core.images.pixel_types import U8, U16, Pixels, Samples

__all__ = [
    "MAX_PIXELS",
    "U8",
    "U16",
    "DeepPicture",
    "Header",
    "Picture",
    "Size",
    "check_format",
    "encode",
    "fitted_to",
    "from_bytes",
    "pixels_sha256",
    "probe",
    "read",
    "read_header",
    "read_open",
    "resized",
    "thumbnail",
]

_NEUTRAL = 128


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture in memory.

    `rgb` is (height, width, 3) uint8 in sRGB: what is seen on white paper, so fully transparent pixels are
    white. `alpha` is (height, width) uint8, 255 opaque, or None if every pixel is opaque.
    """

    rgb: U8
    alpha: U8 | None = None

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or not self.rgb.size:
            raise ValueError(f"rgb must be (height, width, 3) uint8, not {self.rgb.shape} {self.rgb.dtype}")
        if self.alpha is not None and (self.alpha.dtype != np.uint8 or self.alpha.shape != self.rgb.shape[:2]):
            raise ValueError(f"alpha must be {self.rgb.shape[:2]} uint8, not {self.alpha.shape} {self.alpha.dtype}")

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return Size(self.rgb.shape[1], self.rgb.shape[0])


@dataclass(frozen=True)
class Header:
    """What a picture's header says: its size once upright, and the mark of the rules that it is read by (see
    `decoding.revision`).
    """

    size: Size
    revision: str


def probe(path: str | Path, max_pixels: int = MAX_PIXELS) -> Size:
    """Read the size of the picture `path` once upright, from its header alone. Raises as `read_header` does."""
    return read_header(path, max_pixels).size


def read_header(path: str | Path, max_pixels: int = MAX_PIXELS) -> Header:
    """Read the header of the picture `path`.

    Raises Missing, Unreadable, Unsupported or TooLarge. A file that passes can still turn out damaged when it
    is read.
    """
    name = quoted(path)
    with open_picture(path) as file:
        size = webp_size_within(file, name, max_pixels)
        if size is not None:  # Pillow would allocate the canvas
            turn, revision = decoding.webp_orientation(file), decoding.webp_revision(file)
        else:
            image = identify(file, name, max_pixels)
            size, turn = image.size, decoding.orientation(image, file)
            revision = decoding.revision(image, file)
        return Header(Size(*size[::-1]) if turn >= 5 else Size(*size), revision)


def read(path: str | Path, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read the picture in the file `path`. Raises Missing, Unreadable, Unsupported, TooLarge or OutOfMemory."""
    with open_picture(path) as file:
        return read_open(file, quoted(path), max_pixels)


def read_open(file: IO[bytes], name: str, max_pixels: int = MAX_PIXELS, longest: int | None = None) -> Picture:
    """Read the picture in an open file; call it within `open_image.open_picture`. `name` is what messages call it;
    `longest`: see `decoding.decode`.
    """
    rgb, alpha = decoding.decode(file, name, max_pixels, longest)
    return Picture(rgb if alpha is None else over_white(rgb, alpha), alpha)


def from_bytes(data: bytes, name: str = "the picture", max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode the picture in the bytes of a file. `name` is what messages call it; raises as `read` does."""
    with decoder_errors(name):
        return read_open(io.BytesIO(data), name, max_pixels)


def resized(picture: Picture, longest: int) -> Picture:
    """The picture with its longest side at most `longest` pixels, by Lanczos; it is never enlarged.

    As `rgb` is already composited, colour and alpha shrink apart without a fringe from hidden colours.
    """
    width, height = picture.size
    scale = longest / max(width, height)
    if scale >= 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Picture(_shrunk(picture.rgb, size), None if picture.alpha is None else _shrunk(picture.alpha, size))


def fitted_to(picture: Picture, width: int, height: int) -> Picture:
    """The picture at just this size in pixels, by Lanczos."""
    size = (width, height)
    return Picture(_shrunk(picture.rgb, size), None if picture.alpha is None else _shrunk(picture.alpha, size))


def encode(
    picture: Picture | DeepPicture,
    format: FormatName,  # noqa: A002
    quality: int = 95,
    stamp: str = "",
    *,
    profile: bytes | None = None,
    about: Credits = NO_CREDITS,
) -> bytes:
    """Encode a picture as the bytes of a file; the same picture always gives the same bytes.

    What a format holds is in `core.images.formats`; where that is no alpha, the picture is on white. A deep picture has
    16 bits a channel. `quality` (1 to 100) is for lossy formats. `stamp` is what
    `core.images.provenance` makes. The colours are brought to the RGB profile `profile`, which is embedded; without
    one, or if pictures cannot be brought there, they are sRGB with its profile. Raises Unsupported if the
    format cannot hold so large or so deep a picture.
    """
    check_format(format, Size(picture.rgb.shape[1], picture.rgb.shape[0]))
    if isinstance(picture, DeepPicture) and 16 not in WRITABLE[format].depths:
        deep = listed(name for name, each in WRITABLE.items() if 16 in each.depths)
        raise Unsupported(f"A {format} file has 8 bits a channel", f"choose {deep} for 16.")
    pixels, embedded = _in_profile(picture, profile, with_alpha=WRITABLE[format].alpha)
    return encode_file(pixels, format, quality, embedded, stamp, about)


def check_format(format: FormatName, size: Size) -> None:  # noqa: A002
    """Raises Unsupported if a file of this format cannot hold so large a picture, or cannot be written here."""
    row = WRITABLE[format]
    if max(size) > row.longest_side:
        raise Unsupported(f"A {format} file holds at most {row.longest_side:,} pixels a side", "choose another format.")
    if not row.available:
        raise Unsupported(f"The installed Pillow cannot write {row.title}", "install it from a wheel.")


def pixels_sha256(source: Picture | DeepPicture | bytes) -> str:
    """SHA-256 of pixels: of `<width>x<height>x<channels>`, a line feed, `rgb`, and `alpha` if there is one.

    Bytes of a file are decoded first. A picture has the hash of its PNG, a deep one too, which is read as 8 bits.
    For a lossy format, and for a profile that was kept, give the file's bytes, so that what is hashed is what a
    reader will see.
    """
    picture = from_bytes(source) if isinstance(source, bytes) else _as_read_again(source)
    channels = 3 if picture.alpha is None else 4
    digest = hashlib.sha256(f"{picture.size.width}x{picture.size.height}x{channels}\n".encode())
    digest.update(picture.rgb.tobytes())
    if picture.alpha is not None:
        digest.update(picture.alpha.tobytes())
    return digest.hexdigest()


def thumbnail(picture: Picture, longest: int = 320) -> bytes:
    """A small JPEG of the picture, transparent parts on neutral grey."""
    small = resized(picture, longest)
    rgb = small.rgb
    if small.alpha is not None:
        uncovered = (255 - small.alpha.astype(np.int32))[..., None]
        rgb = (rgb - (uncovered * (255 - _NEUTRAL) + 127) // 255).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def _in_profile(picture: Picture | DeepPicture, profile: bytes | None, with_alpha: bool) -> tuple[Pixels, bytes]:
    """Colours in a profile, straight with alpha as a fourth channel or on white; and the profile that they are in."""
    if isinstance(picture, DeepPicture):
        return _converted(picture.rgb, picture.alpha if with_alpha else None, profile)
    return _converted(picture.rgb, picture.alpha if with_alpha else None, profile)


def _converted(rgb: Samples, alpha: Samples | None, profile: bytes | None) -> tuple[Samples, bytes]:
    colours, embedded = rgb if alpha is None else straight(rgb, alpha), icc.SRGB
    kept = icc.from_srgb(colours, profile) if profile else None
    if kept is not None and profile:
        colours, embedded = kept, profile
    return colours if alpha is None else np.dstack([colours, alpha]).astype(rgb.dtype, copy=False), embedded


def _as_read_again(picture: Picture | DeepPicture) -> Picture:
    """The picture as it comes back from a PNG: of 8 bits, and where alpha is low, it cannot be dark on white."""
    if isinstance(picture, DeepPicture):
        deep, cover = picture.rgb, picture.alpha
        colours = eight_bits(deep if cover is None else straight(deep, cover))
        alpha = None if cover is None else eight_bits(cover)
    else:
        alpha = picture.alpha
        colours = picture.rgb if alpha is None else straight(picture.rgb, alpha)
    if alpha is None or alpha.min() == 255:
        return Picture(colours)
    return Picture(over_white(colours, alpha), alpha)


def _shrunk(array: U8, size: tuple[int, int]) -> U8:
    return np.asarray(Image.fromarray(array).resize(size, Image.Resampling.LANCZOS)).copy()
