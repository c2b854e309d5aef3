"""Decode an open picture file to 8-bit sRGB and alpha: profile, orientation, transparency, bit depth."""

from __future__ import annotations

import contextlib
import io
from typing import IO

import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin, TiffImagePlugin

from core.errors import Unreadable, Unsupported
from core.images import bit_depth
from core.images.colour import icc
from core.images.colour.colour_tags import SourceColours, adobe_rgb, source_colours
from core.images.containers.container_parsing import webp_exif, webp_has_profile
from core.images.containers.jpeg_end import endings
from core.images.containers.tiff_pages import PageView, picture_page
from core.images.decode_limits import check_extents, check_scans, check_tiles
from core.images.exif import LONGEST, exif_of, is_adobe_rgb, orientation_in
from core.images.extras.jpeg_xl import JpegXlFile
from core.images.open_image import has_8_bit_palette, identify
from core.images.pixel_types import U8

RULES = 1
"""Number of the rules by which files are opened: raised when one that was read is refused, or gets another revision."""

TIMES = 4
"""Times as large as it is looked at that a JPEG is at least for it to be decoded at a reduced size."""
JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".jif")

_FEW_BIT_GREYS = {"L;2": 85, "L;4": 17}


def decode(file: IO[bytes], name: str, max_pixels: int, longest: int | None = None) -> tuple[U8, U8 | None]:
    """Decode the open `file` to straight sRGB colour (height, width, 3) and alpha (height, width).

    With `longest`, a JPEG at least TIMES as large is decoded at a half, a quarter or an eighth of its size, by smaller
    transforms of its blocks, which takes a fraction of the time, and then brought to that longest side by Lanczos.

    Alpha is None if every pixel is opaque. The first frame or page is taken. Raises Unreadable, Unsupported
    or TooLarge, and whatever a decoder raises: call it within `open_image.decoder_errors`. A JPEG without its end mark is
    decoded if it has all its pixels (see core.images.containers.jpeg_end).
    """
    try:
        return _decode(file, name, max_pixels, longest)
    except OSError:  # Pillow's for a file that ends too early
        ended = endings(file)
        if ended is None:
            raise
        first, second = (_decode(io.BytesIO(each), name, max_pixels, longest) for each in ended)
        if not np.array_equal(first[0], second[0]):
            raise
        return first


def may_be_reduced(name: str) -> bool:
    """Whether a file called so may be decoded at a reduced size: by its suffix, which a plan knows without reading it."""
    return name.lower().endswith(JPEG_SUFFIXES)


def _decode(file: IO[bytes], name: str, max_pixels: int, longest: int | None) -> tuple[U8, U8 | None]:
    image = _identify_decodable(file, name, max_pixels)
    size = image.size
    small = longest is not None and image.format == "JPEG" and max(size) >= TIMES * longest
    if small and longest is not None:
        _reduce(image, longest)
    turn = orientation(image, file)
    colours = source_colours(image, file)
    if isinstance(image, JpegXlFile) and image.is_deep:
        rgb, alpha = _decode_deep_jpeg_xl(image, colours.profile)
    elif colours.tagged and colours.profile and _is_deep(image):
        rgb, alpha = _decode_deep(image, file, name, colours.profile)
    else:
        colour, alpha = _decode_channels(image, file, name)
        rgb = np.asarray(icc.to_srgb(colour, colours.profile))
        if small and longest is not None:
            rgb = _brought_to(rgb, size, longest)
    if alpha is None or alpha.min() == 255:
        return _upright(rgb, turn), None
    return _upright(rgb, turn), _upright(alpha, turn)


def orientation(image: Image.Image, file: IO[bytes]) -> int:
    """EXIF orientation of the stored rows, 1 to 8; 1, upright, when nothing valid is there.

    From the header of the undecoded `image`, or in a PNG also from a chunk behind the pixels. TIFF and JPEG XL are
    turned by their decoders.
    """
    if image.format in ("TIFF", "JXL"):
        return 1
    return orientation_in(exif_of(image, file))


def webp_orientation(file: IO[bytes]) -> int:
    """EXIF orientation of a WebP, 1 to 8, without decoding it."""
    return orientation_in(webp_exif(file, LONGEST))


def webp_revision(file: IO[bytes]) -> str:
    """The `revision` of a WebP, without decoding it."""
    return _revision(adobe_rgb()) if not webp_has_profile(file) and is_adobe_rgb(webp_exif(file, LONGEST)) else ""


def revision(image: Image.Image, file: IO[bytes]) -> str:
    """Marks of the rules by which the undecoded `image` is read otherwise than by version 0.1; empty for most.

    It is part of the keys of what is made of the file (see core.planning.file_digests), so that just the pictures made of
    such files are made again. A rule that changes the pixels of files that were read before gets a mark of its own here,
    which only those files have, and RULES is raised.
    """
    marks = [_revision(source_colours(image, file))]
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        marks += ["page-1" if isinstance(image.fp, PageView) else "", "palette-1" if has_8_bit_palette(image) else ""]
    return " ".join(filter(None, marks))


def _revision(colours: SourceColours) -> str:
    return "colour-1" if colours.tagged else ""


def _identify_decodable(file: IO[bytes], name: str, max_pixels: int) -> ImageFile.ImageFile:
    """The picture in the open `file`, known to decode in a time that its size can justify."""
    image = identify(file, name, max_pixels)
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        check_scans(file, name)
    if image.format == "HEIF":
        check_extents(file, image.size, name)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        check_tiles(image, name)
        page = picture_page(file, name) if image.mode == "YCbCr" else None
        if page and page.is_subsampled:
            _decode_by_libtiff(image)
        # Of several pages Pillow leaves the metadata unread. Nobody asks for them, and they can be huge.
        image.is_animated = True
    return image


def _reduce(image: ImageFile.ImageFile, longest: int) -> None:
    """Have a JPEG decoded at the smallest size that libjpeg scales it to and that leaves something to Lanczos, which is
    sharper: TIMES / 2 as large as it will be.
    """
    scale = TIMES / 2 * longest / max(image.size)
    image.draft(None, (max(1, round(image.width * scale)), max(1, round(image.height * scale))))


def _brought_to(rgb: U8, size: tuple[int, int], longest: int) -> U8:
    """Pixels of a JPEG of this size that was decoded at a fraction of it. Its last row and column may be of blocks that
    stand only in part for the picture: they count by that part.
    """
    width, height = (max(1, round(side * longest / max(size))) for side in size)
    fraction = max(1, round(max(size) / max(rgb.shape[:2])))
    box = (0.0, 0.0, size[0] / fraction, size[1] / fraction)
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS, box))


def _decode_by_libtiff(image: TiffImagePlugin.TiffImageFile) -> None:
    """Have libtiff unpack uncompressed YCbCr, with its coefficients and reference levels, as it does compressed.

    Pillow's own unpacker takes it for values of every pixel.
    """
    image.use_load_libtiff = True
    image._mode = "RGB"
    image.tile = [ImageFile._Tile("libtiff", (0, 0, *image.size), 0, ("RGBX", False, image.tag_v2.offset))]


def _decode_channels(image: Image.Image, file: IO[bytes], name: str) -> tuple[Image.Image, U8 | None]:
    """The picture decoded to 8-bit mode L, RGB, CMYK or LAB, in its own colours, and its alpha if any."""
    if image.mode in ("I", "F") or bit_depth.is_planar_16_bit(image):
        raise Unsupported(f"{name} has samples that are not read", "save it with 8 or 16 bits a channel, interleaved.")
    if bit_depth.is_16_bit_colour(image):
        image.load()
        return bit_depth.colour_16_to_8(image, _identify_decodable(file, name, image.width * image.height))
    _scale_few_bit_key(image)
    _drop_absent_entries(image)
    size = image.size
    image.load()
    if image.size != size:  # which was the one that was held against the limit
        raise Unreadable(f"{name} has pixels of another size than it says", "save it again with another program.")
    if bit_depth.is_16_bit_grey(image):
        return bit_depth.grey_16_to_8(image)
    return _shallow_channels(image)


def _is_deep(image: Image.Image) -> bool:
    return bit_depth.is_16_bit_grey(image) or (
        bit_depth.is_16_bit_colour(image) and not bit_depth.is_planar_16_bit(image)
    )


def _decode_deep(image: Image.Image, file: IO[bytes], name: str, profile: bytes) -> tuple[U8, U8 | None]:
    """The picture decoded and brought to sRGB at 16 bits, then rounded to 8, and its alpha if any.

    In linear light the darkest of 8-bit values lie 13 levels of sRGB apart.
    """
    image.load()
    if bit_depth.is_16_bit_grey(image):
        deep, alpha = bit_depth.grey_16(image)
    else:
        deep, alpha = bit_depth.colour_16(image, _identify_decodable(file, name, image.width * image.height))
    return icc.deep_to_srgb(deep, profile), alpha


def _decode_deep_jpeg_xl(image: JpegXlFile, profile: bytes | None) -> tuple[U8, U8 | None]:
    """The picture decoded and brought to sRGB at 16 bits, then rounded to 8, and its alpha if any; through tables at 8."""
    deep, alpha = image.deep()
    if profile is not None and icc.cicp_of(profile) != icc.CICP_OF_SRGB:
        with contextlib.suppress(ValueError):
            return icc.deep_to_srgb(deep, profile), alpha
    return np.asarray(icc.to_srgb(Image.fromarray(bit_depth.eight_bits(deep)), profile)), alpha


def _scale_few_bit_key(image: Image.Image) -> None:
    """Bring the transparent grey of a 2-bit or 4-bit PNG to the 8-bit scale of its pixels."""
    factor = _FEW_BIT_GREYS.get(bit_depth.raw_mode(image))
    key = image.info.get("transparency")
    if factor and image.format == "PNG" and isinstance(key, int):
        image.info["transparency"] = key * factor


def _drop_absent_entries(image: Image.Image) -> None:
    """Forget what is said of the transparency of entries that the palette does not have."""
    clear = image.info.get("transparency")
    if image.mode != "P" or image.palette is None:
        return
    entries = len(image.palette.palette) // 3
    if isinstance(clear, bytes):
        image.info["transparency"] = clear[:entries]
    elif isinstance(clear, int) and clear >= entries:
        del image.info["transparency"]


def _shallow_channels(image: Image.Image) -> tuple[Image.Image, U8 | None]:
    if image.mode in ("CMYK", "LAB"):
        return image, None
    if not image.has_transparency_data:
        return image if image.mode == "L" else image.convert("L" if image.mode == "1" else "RGB"), None
    if image.mode in ("1", "L", "LA", "La"):
        image = image.convert("LA")
        return image.getchannel("L"), np.asarray(image.getchannel("A"))
    image = image.convert("RGBA")
    return image.convert("RGB"), np.asarray(image.getchannel("A"))


def _upright(array: U8, orientation: int) -> U8:
    """Stored rows made upright. Always a contiguous array of its own, so that it may be written to."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return np.array(array, order="C")
