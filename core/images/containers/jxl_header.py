"""Parse the header of a JPEG XL (ISO/IEC 18181-1, image header), without a decoder and without trusting it."""

from __future__ import annotations

from typing import IO, NamedTuple

from core.images.containers.jxl_boxes import NAKED, codestream

MOST_EXTRA_CHANNELS = 8
"""Channels beside the colours, each of which takes a decoder as much memory as a colour, from which on it means harm."""

_READ = 1 << 14
"""Bytes of the codestream that are looked at: eight extra channels with names as long as they may be need about 9,000."""
_SIZE = ((9, 1), (13, 1), (18, 1), (30, 1))
_PREVIEW_BY_8 = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW = ((6, 1), (8, 65), (10, 321), (12, 1345))
_WHOLE_BITS = ((0, 8), (0, 10), (0, 12), (6, 1))
_FLOAT_BITS = ((0, 32), (0, 16), (0, 24), (6, 1))
_CHANNELS = ((0, 0), (0, 1), (4, 2), (12, 1))
_KINDS = ((0, 0), (0, 1), (4, 2), (6, 18))
_SHIFTS = ((0, 0), (0, 3), (0, 4), (3, 1))
_NAME = ((0, 0), (4, 0), (5, 16), (10, 48))
_ALPHA, _SPOT, _BLACK, _SENSOR = 0, 2, 4, 5
_FLOATS_OF_SPOT = 4


class JxlHeader(NamedTuple):
    """What matters before decoding: whether there are several frames shown in time, how many channels there are beside the
    colours, whether one is the black of CMYK, and whether the colours were multiplied by alpha.
    """

    animated: bool = False
    extra_channels: int = 0
    black: bool = False
    premultiplied: bool = False


def jxl_header(file: IO[bytes]) -> JxlHeader:
    """The header of the open `file`; of more than MOST_EXTRA_CHANNELS just their number.

    Raises ValueError for one that is broken or cut off, and as `codestream` does.
    """
    bits = _Bits(codestream(file, _READ)[:_READ])
    if bits.take(16) != int.from_bytes(NAKED, "little"):
        raise ValueError("no codestream")
    _skip_size(bits)
    if bits.take(1):  # all as by default: three channels, no alpha
        return JxlHeader()
    if bits.take(1) and _skip_extras(bits):
        return JxlHeader(animated=True)
    _skip_depth(bits)
    bits.take(1)  # whether 16 bits are enough to decode with
    count = bits.number(_CHANNELS)
    if count > MOST_EXTRA_CHANNELS:
        return JxlHeader(extra_channels=count)
    kinds = [_extra_channel(bits) for _ in range(count)]
    return JxlHeader(
        extra_channels=count,
        black=any(kind == _BLACK for kind, _ in kinds),
        premultiplied=any(premultiplied for _, premultiplied in kinds),
    )


class _Bits:
    """Numbers of so many bits, the lowest first, as a codestream has them."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        """The next number. Raises ValueError at the end."""
        if count > self._left:
            raise ValueError("its header is cut off, or too long")
        found = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return found

    def number(self, choices: tuple[tuple[int, int], ...]) -> int:
        """A number that two bits say the form of: so many bits, and what is added to them."""
        width, more = choices[self.take(2)]
        return self.take(width) + more


def _skip_size(bits: _Bits) -> None:
    small = bits.take(1)
    for side in range(2):
        bits.take(5) if small else bits.number(_SIZE)
        if side == 0 and bits.take(3):  # the width by the height and a ratio
            return


def _skip_extras(bits: _Bits) -> bool:
    """Pass over orientation, the size meant and the preview; whether the picture is animated."""
    bits.take(3)
    if bits.take(1):
        _skip_size(bits)
    if bits.take(1):
        form = _PREVIEW_BY_8 if bits.take(1) else _PREVIEW
        bits.number(form)
        if not bits.take(3):
            bits.number(form)
    return bits.take(1) == 1


def _skip_depth(bits: _Bits) -> None:
    if bits.take(1):
        bits.number(_FLOAT_BITS)
        bits.take(4)
    else:
        bits.number(_WHOLE_BITS)


def _extra_channel(bits: _Bits) -> tuple[int, bool]:
    """Its kind, and whether it is an alpha by which the colours were multiplied."""
    if bits.take(1):
        return _ALPHA, False
    kind = bits.number(_KINDS)
    _skip_depth(bits)
    bits.number(_SHIFTS)
    bits.take(8 * bits.number(_NAME))
    premultiplied = kind == _ALPHA and bits.take(1) == 1
    if kind == _SPOT:
        bits.take(16 * _FLOATS_OF_SPOT)
    elif kind == _SENSOR:  # its colour filter
        bits.number(((0, 1), (2, 0), (4, 3), (8, 19)))
    return kind, premultiplied
