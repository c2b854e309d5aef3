"""RGB profiles made of a matrix and three curves (ICC.1:2022, F.3), applied at 16 bits, which ImageCms does not do."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.images.pixel_types import U8, U16

Floats = NDArray[np.float64]

_TAGS, _MOST_TAGS, _MOST_POINTS = 132, 1_000, 65_536
_GRID: Floats = np.linspace(0, 1, 16_385)
_PARAMETERS = (1, 3, 4, 5, 7)
_STRIP = 1 << 20
_LEVELS = 1 << 18
_NEARLY_LINEAR = 0.01
_GREY_OF_D50: Floats = np.diag([0.9642, 1.0, 0.8249])


@dataclass(frozen=True)
class MatrixProfile:
    """`matrix` (3, 3) takes linear light to XYZ at D50; `curves` (3, 16385) take values from 0 to 1, evenly spread, to
    linear light, never falling.
    """

    matrix: Floats
    curves: Floats

    def converted(self, pixels: U16, to: MatrixProfile) -> U16:
        """Colours (height, width, 3) of this profile in another, relative colorimetric; what it lacks is cut off."""
        made = np.empty_like(pixels)
        for rows, light in self._light_in(pixels, to):
            for channel in range(3):
                values = np.interp(light[..., channel], to.curves[channel], _GRID)
                made[rows, :, channel] = np.rint(values * 65535)
        return made

    def rounded_to_8_bits(self, pixels: U16, to: MatrixProfile) -> U8:
        """Colours as by `converted`, of 8 bits, ten times as quickly, by a table."""
        levels = np.linspace(0, 1, _LEVELS)
        tables = [np.rint(np.interp(levels, curve, _GRID) * 255).astype(np.uint8) for curve in to.curves]
        made = np.empty(pixels.shape, np.uint8)
        for rows, light in self._light_in(pixels, to):
            places = np.rint(light.clip(0, 1) * (_LEVELS - 1)).astype(np.int32)
            for channel in range(3):
                made[rows, :, channel] = tables[channel][places[..., channel]]
        return made

    def _light_in(self, pixels: U16, to: MatrixProfile) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Some rows at a time, their linear light in another profile's primaries."""
        samples = np.arange(65536) / 65535
        linear = np.stack([np.interp(samples, _GRID, curve) for curve in self.curves]).astype(np.float32)
        matrix = (np.linalg.inv(to.matrix) @ self.matrix).astype(np.float32)
        count = max(1, _STRIP // pixels.shape[1])
        for top in range(0, len(pixels), count):
            part = pixels[top : top + count]
            light = np.stack([linear[channel][part[..., channel]] for channel in range(3)], axis=-1) @ matrix.T
            yield slice(top, top + count), light


def matrix_profile(icc: bytes) -> MatrixProfile | None:
    """The matrix and the curves of a profile; None if it has none, or is broken, or has tables, which go first."""
    try:
        tags = _tags(icc)
        if b"A2B0" in tags or b"A2B1" in tags:
            return None
        matrix = np.array([_xyz(tags[name + b"XYZ"]) for name in (b"r", b"g", b"b")]).T
        curves = np.stack([_curve(tags[name + b"TRC"]) for name in (b"r", b"g", b"b")])
        if not (np.isfinite(matrix).all() and np.isfinite(curves).all() and abs(np.linalg.det(matrix)) > 1e-6):
            return None
    except (KeyError, ValueError, struct.error, IndexError, FloatingPointError):
        return None
    return MatrixProfile(matrix, np.maximum.accumulate(curves.clip(0, 1), axis=1))


def grey_profile(icc: bytes) -> MatrixProfile | None:
    """The curve of a grey profile three times, for greys of three equal channels; None if it has none, or is broken."""
    try:
        curve = _curve(_tags(icc)[b"kTRC"])
    except (KeyError, ValueError, struct.error, IndexError, FloatingPointError):
        return None
    if not np.isfinite(curve).all():
        return None
    return MatrixProfile(_GREY_OF_D50, np.tile(np.maximum.accumulate(curve.clip(0, 1)), (3, 1)))


def is_linear(icc: bytes) -> bool:
    """Whether the values of a profile are in linear light, all but."""
    profile = matrix_profile(icc) or grey_profile(icc)
    return profile is not None and bool(abs(profile.curves - _GRID).max() < _NEARLY_LINEAR)


def _tags(icc: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", icc, _TAGS - 4)
    found = {}
    for index in range(min(count, _MOST_TAGS)):
        name, start, length = struct.unpack_from(">4sII", icc, _TAGS + 12 * index)
        found[name] = icc[start : start + length]
    return found


def _xyz(data: bytes) -> tuple[float, ...]:
    return tuple(value / 65536 for value in struct.unpack_from(">3i", data, 8))


def _curve(data: bytes) -> Floats:
    """A curve on the grid. Raises ValueError for one of an unknown kind."""
    if data[:4] == b"curv":
        (count,) = struct.unpack_from(">I", data, 8)
        if count > _MOST_POINTS:
            raise ValueError("a curve of too many points")
        points = struct.unpack_from(f">{count}H", data, 12)
        if count < 2:
            return _GRID ** (points[0] / 256) if count else _GRID.copy()
        return np.interp(_GRID, np.linspace(0, 1, count), np.array(points) / 65535)
    if data[:4] != b"para":
        raise ValueError("a curve of an unknown kind")
    (kind,) = struct.unpack_from(">H", data, 8)
    g, a, b, c, d, e, f = _parameters(kind, data)
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        power = np.maximum(a * _GRID + b, 0) ** g + e
    return np.where(d <= _GRID, power, c * _GRID + f)


def _parameters(kind: int, data: bytes) -> tuple[float, ...]:
    """Of a parametric curve of any kind (ICC.1:2022, table 68), as those of kind 4: g, a, b, c, d, e, f."""
    values = [value / 65536 for value in struct.unpack_from(f">{_PARAMETERS[kind]}i", data, 12)]
    if kind == 0:
        return (values[0], 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if kind <= 2:
        g, a, b, *more = values
        offset = more[0] if more else 0.0
        return (g, a, b, 0.0, -b / a if a else 0.0, offset, offset)
    return (*values, 0.0, 0.0) if kind == 3 else tuple(values)
