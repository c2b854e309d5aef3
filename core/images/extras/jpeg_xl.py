"""JPEG XL as a picture of Pillow, by libjxl through `pyjpegxl`: size, depth and profile from the header, pixels when asked.

The decoder turns the picture upright itself. It names the profile of the values that it gives, which is not always the
file's: lossy colours whose profile is not made of primaries and a curve come as linear light of sRGB's primaries. It
sees the codestream alone; metadata are read here, since it would unpack as many bytes of them as a file says.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from core.images.bit_depth import eight_bits
from core.images.colour.icc_matrix import is_linear
from core.images.containers.jxl_boxes import codestream, metadata
from core.images.containers.jxl_header import jxl_header
from core.images.exif import LONGEST
from core.images.pixel_types import U8, U16, Pixels

_MODES = ("L", "LA", "RGB", "RGBA")
_EXIF = b"Exif\0\0"


class JpegXlFile(ImageFile.ImageFile):
    """A JPEG XL that is not decoded yet.

    `is_linear` says that its values are in linear light, and `is_deep` that 8 bits are too few for them.
    """

    format = "JXL"
    format_description = "JPEG XL (ISO/IEC 18181)"
    is_linear = False
    is_deep = False
    _premultiplied = False

    def deep(self) -> tuple[U16, U8 | None]:
        """Its colours (height, width, 3) of 16 bits, in its profile, and its alpha of 8 bits if it has any."""
        values = self._values("uint16").astype(np.uint16, copy=False)
        colours, alpha = (values[..., :-1], values[..., -1]) if values.shape[2] in (2, 4) else (values, None)
        shape = (self.height, self.width, 3)
        return np.broadcast_to(colours, shape), None if alpha is None else eight_bits(alpha)

    def load(self) -> Any:
        """Decode to 8 bits."""
        if self._im is None:
            values = self._values("uint8").astype(np.uint8, copy=False)
            self._im = Image.fromarray(values[..., 0] if values.shape[2] == 1 else values).im
        return super().load()

    def _open(self) -> None:
        assert self.fp is not None
        self._premultiplied = jxl_header(self.fp).premultiplied
        found = _codec().probe(codestream(self.fp))
        profile = bytes(found.icc or b"")
        self._size = found.width, found.height
        self._mode = _MODES[found.num_color_channels - 1 + bool(found.has_alpha)]
        self.is_linear = bool(profile) and is_linear(profile)
        self.is_deep = self.is_linear or found.bits_per_sample > 8
        said = {
            "icc_profile": profile,
            "exif": _tiff_of(metadata(self.fp, b"Exif", LONGEST)),
            "xmp": metadata(self.fp, b"xml ", LONGEST),
        }
        self.info |= {name: data for name, data in said.items() if data}

    def _values(self, kind: str) -> Pixels:
        """The decoded values (height, width, channels), their colours not multiplied by alpha."""
        assert self.fp is not None
        values: Pixels = _codec().decode_to_numpy(codestream(self.fp), dtype=kind)[1]
        if values.shape != (self.height, self.width, len(self.getbands())):
            raise ValueError("pixels of another size than it says")
        return _divided(values) if self._premultiplied else values


def _divided(values: Pixels) -> Pixels:
    top = np.iinfo(values.dtype).max
    alpha = values[..., -1:].astype(np.float32)
    colours = values[..., :-1] * (top / np.maximum(alpha, 1))
    return np.concatenate([colours.clip(0, top).round().astype(values.dtype), values[..., -1:]], axis=2)


def _tiff_of(exif: bytes | None) -> bytes | None:
    """EXIF as JPEGs have it: in a JPEG XL four bytes come first that say where it begins."""
    return _EXIF + exif[4 + int.from_bytes(exif[:4], "big") :] if exif else None


@functools.cache
def _codec() -> ModuleType:
    """The decoder, of one thread: jobs run side by side."""
    import pyjpegxl

    pyjpegxl.set_num_threads(1)
    return pyjpegxl
