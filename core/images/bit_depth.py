"""Pictures of 16 bits a channel, and their rounding to 8 bits.

Pillow 13 decodes 16-bit RGB and RGBA by keeping each sample's high byte, which darkens a picture by half a
grey level on average. The low byte can be had by decoding a second time with the byte order swapped; then a
sample v becomes round(v / 257), as exactly as 16-bit grey does.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from core.images.pixel_types import U8, U16

_OTHER_BYTE = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANAR = 258, 262, 284


@dataclass(frozen=True, eq=False)
class DeepPicture:
    """A picture of 16 bits a channel in memory, otherwise as `core.images.image.Picture`: `rgb` (height, width, 3) uint16 in
    sRGB on white, `alpha` (height, width) uint16, 65535 opaque, or None.
    """

    rgb: U16
    alpha: U16 | None = None

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint16 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or not self.rgb.size:
            raise ValueError(f"rgb must be (height, width, 3) uint16, not {self.rgb.shape} {self.rgb.dtype}")
        if self.alpha is not None and (self.alpha.dtype != np.uint16 or self.alpha.shape != self.rgb.shape[:2]):
            raise ValueError(f"alpha must be {self.rgb.shape[:2]} uint16, not {self.alpha.shape} {self.alpha.dtype}")


def eight_bits(values: U16) -> U8:
    """16-bit samples as 8-bit ones: v becomes round(v / 257), as every 16-bit file is read."""
    return _EIGHT_BITS[values]


_EIGHT_BITS: U8 = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)


def is_planar_16_bit(image: Image.Image) -> bool:
    """Whether `image` is a 16-bit TIFF with its channels in planes, which Pillow 13 decodes wrongly."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    tags = image.tag_v2
    return bool(tags.get(_PLANAR, 1) == 2 and max(tags.get(_BITS_PER_SAMPLE, (8,))) > 8)


def is_16_bit_colour(image: Image.Image) -> bool:
    """Whether the undecoded `image` has 16-bit RGB or RGBA samples whose low bytes can be had as well."""
    return image.mode in ("RGB", "RGBA") and raw_mode(image)[:-1] in ("RGB;16", "RGBA;16", "RGBX;16")


def is_16_bit_grey(image: Image.Image) -> bool:
    """Whether `image` holds 16-bit (or 12-bit) grey values."""
    return image.mode.startswith("I;16")


def grey_16_to_8(image: Image.Image) -> tuple[Image.Image, U8 | None]:
    """A 16-bit (or 12-bit) grey picture as mode L, and alpha where one grey value is declared transparent."""
    levels, alpha = _scaled_grey(image, 255)
    return Image.fromarray(levels.astype(np.uint8)), alpha


def grey_16(image: Image.Image) -> tuple[U16, U8 | None]:
    """A 16-bit (or 12-bit) grey picture as its values (height, width, 3) from 0 to 65535, and alpha as `grey_16_to_8`."""
    levels, alpha = _scaled_grey(image, 65535)
    return np.repeat(levels[..., None], 3, axis=2), alpha


def _scaled_grey(image: Image.Image, white: int) -> tuple[U16, U8 | None]:
    values = np.asarray(image).astype(np.uint16, copy=False)
    top, inverted = 65535, False
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        top = 2 ** image.tag_v2.get(_BITS_PER_SAMPLE, (16,))[0] - 1
        inverted = image.tag_v2.get(_PHOTOMETRIC) == 0  # white is zero; Pillow inverts this in 8-bit files only
    scale = ((np.arange(65536, dtype=np.uint64) * white + top // 2) // top).clip(0, white).astype(np.uint16)
    levels = scale[::-1] if inverted and top == 65535 else scale
    clear = image.info.get("transparency")
    alpha = None if not isinstance(clear, int) else np.where(values == clear, 0, 255).astype(np.uint8)
    return levels[values], alpha


def colour_16_to_8(high: Image.Image, low: ImageFile.ImageFile) -> tuple[Image.Image, U8 | None]:
    """A 16-bit RGB(A) picture as mode RGB and its alpha, or None.

    `high` and `low` are the same file opened twice, `low` not decoded yet: one gives the high bytes, the
    other the low ones.
    """
    coarse, fine = _bytes_of(high, low)
    # (256 h + l) / 257 = h + (l - h) / 257, which rounds to h + 1 from l - h = 129 on, and to h - 1 from -129
    # down.
    apart = fine.astype(np.int16) - coarse
    rounded = coarse + (apart >= 129).astype(np.uint8) - (apart <= -129).astype(np.uint8)
    if rounded.shape[2] == 4:
        return Image.fromarray(np.ascontiguousarray(rounded[..., :3])), rounded[..., 3].copy()
    return Image.fromarray(rounded), _keyed_out(coarse, fine, high.info.get("transparency"))


def colour_16(high: Image.Image, low: ImageFile.ImageFile) -> tuple[U16, U8 | None]:
    """A 16-bit RGB(A) picture as its colours (height, width, 3) and its alpha at 8 bits, of what `colour_16_to_8` takes."""
    coarse, fine = _bytes_of(high, low)
    deep = coarse.astype(np.uint16) << np.uint16(8) | fine.astype(np.uint16)
    if deep.shape[2] == 4:
        return deep[..., :3], eight_bits(deep[..., 3])
    return deep, _keyed_out(coarse, fine, high.info.get("transparency"))


def _bytes_of(high: Image.Image, low: ImageFile.ImageFile) -> tuple[U8, U8]:
    """The high bytes and the low ones."""
    swapped = raw_mode(low)[:-1] + _OTHER_BYTE[raw_mode(low)[-1]]
    low.tile = [tile._replace(args=_repacked(tile.args, swapped)) for tile in low.tile]
    return np.asarray(high), np.asarray(low)


def _keyed_out(coarse: U8, fine: U8, clear: object) -> U8 | None:
    """Alpha where the one colour `clear` (three 16-bit samples, PNG's tRNS) is transparent."""
    if not (isinstance(clear, tuple) and len(clear) == 3):
        return None
    match = np.ones(coarse.shape[:2], dtype=bool)
    for channel, value in enumerate(clear):
        match &= (coarse[..., channel] == value >> 8) & (fine[..., channel] == value & 255)
    return np.where(match, 0, 255).astype(np.uint8)


def raw_mode(image: Image.Image) -> str:
    """The name of Pillow's unpacker for the undecoded `image`, such as `RGB;16B`; a space without one."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return " "
    args = tiles[0].args
    found = args[0] if isinstance(args, tuple) and args else args
    return found if isinstance(found, str) and found else " "


def _repacked(args: str | tuple[object, ...] | None, mode: str) -> str | tuple[object, ...]:
    return (mode, *args[1:]) if isinstance(args, tuple) else mode
