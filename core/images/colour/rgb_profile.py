"""Build ICC profiles of a matrix and one curve (ICC.1:2022, 8.3.3) from chromaticities and a transfer function."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Point = tuple[float, float]
"""CIE 1931 x and y."""

D65: Point = (0.3127, 0.3290)
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_LEAST_DETERMINANT = 1e-3
_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
_VERSION = 0x04400000


class Chromaticities(NamedTuple):
    """Where white, red, green and blue are."""

    white: Point
    red: Point
    green: Point
    blue: Point


SRGB_CHROMATICITIES = Chromaticities(D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))

SRGB_CURVE: bytes = b"para\0\0\0\0\0\3\0\0" + struct.pack(
    ">5i", *(round(65536 * value) for value in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
)
"""The transfer function of sRGB (IEC 61966-2-1), from values to linear light."""


def gamma_curve(exponent: float) -> bytes:
    """The curve of value ** exponent."""
    return b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", round(65536 * exponent))


def sampled_curve(light: Floats) -> bytes:
    """A curve by its linear light, from 0 to 1, at values evenly spread from 0 to 1."""
    points = np.rint(light.clip(0, 1) * 65535).astype(np.uint16).tolist()
    return b"curv\0\0\0\0" + struct.pack(f">I{len(points)}H", len(points), *points)


def rgb_profile(title: str, colours: Chromaticities, curve: bytes) -> bytes | None:
    """The bytes of a display profile; None if no picture can be meant by such chromaticities.

    The white point is adapted to D50 by Bradford's transform. The same arguments always give the same bytes.
    """
    matrix = _matrix_to_d50(colours)
    if matrix is None:
        return None
    tags = {b"desc": _text(title), b"cprt": _text("No copyright"), b"wtpt": _xyz(_D50)}
    tags |= {name + b"XYZ": _xyz(column) for name, column in zip((b"r", b"g", b"b"), matrix.T, strict=True)}
    tags |= {name + b"TRC": curve for name in (b"r", b"g", b"b")}
    tags[b"chad"] = b"sf32\0\0\0\0" + b"".join(map(_fixed, _adaptation(_xyz_of(colours.white)).flat))
    return _assembled(tags)


def _matrix_to_d50(colours: Chromaticities) -> Floats | None:
    """Linear light to XYZ at D50, (3, 3)."""
    if min(y for _, y in colours) <= 0:
        return None
    primaries = np.stack([_xyz_of(each) for each in colours[1:]], axis=1)
    if abs(np.linalg.det(primaries)) < _LEAST_DETERMINANT:
        return None
    white = _xyz_of(colours.white)
    shares = np.linalg.solve(primaries, white)
    if not (np.isfinite(shares).all() and shares.min() > 0):
        return None
    matrix: Floats = _adaptation(white) @ (primaries * shares)
    return matrix if np.abs(matrix).max() < 8 and abs(np.linalg.det(matrix)) > _LEAST_DETERMINANT else None


def _adaptation(white: Floats) -> Floats:
    cones = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    adapted: Floats = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD
    return adapted


def _xyz_of(point: Point) -> Floats:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    table, body, places = struct.pack(">I", len(tags)), b"", dict[bytes, int]()
    start = 132 + 12 * len(tags)
    for name, data in tags.items():
        if data not in places:  # the three curves are one
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += name + struct.pack(">II", places[data], len(data))
    head = (
        struct.pack(">I4sI", start + len(body), b"\0\0\0\0", _VERSION) + b"mntrRGB XYZ " + _DATE + b"acsp" + bytes(28)
    )
    illuminant = b"".join(map(_fixed, _D50))
    return (head + illuminant).ljust(128, b"\0") + table + body


def _text(words: str) -> bytes:
    data = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(data), 28) + data


def _xyz(values: tuple[float, ...] | Floats) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(float(value) * 65536))
