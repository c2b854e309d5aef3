"""Small ICC profiles (version 2) built from scratch, so that what they do to a colour is known."""

from __future__ import annotations

import itertools
import struct

SRGB_PRIMARIES = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
"""XYZ, adapted to D50, of sRGB's red, green and blue."""

D50 = (0.9642, 1.0, 0.8249)


def rgb(gamma: float, primaries: tuple[tuple[float, float, float], ...] = SRGB_PRIMARIES) -> bytes:
    """An RGB profile: one gamma, three primaries."""
    tags = {b"wtpt": _xyz(D50)}
    for name, primary in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags[name + b"XYZ"] = _xyz(primary)
        tags[name + b"TRC"] = _gamma(gamma)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def srgb_by_another_maker() -> bytes:
    """sRGB with its curve as a table of 1,024 entries, as the widespread profile of 1998 has it."""
    v = [entry / 1023 for entry in range(1024)]
    curve = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in v]
    table = b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *(round(y * 65535) for y in curve))
    tags = {b"wtpt": _xyz((0.9505, 1.0, 1.0891))}
    for name, primary in zip((b"r", b"g", b"b"), SRGB_PRIMARIES, strict=True):
        tags[name + b"XYZ"] = _xyz(primary)
        tags[name + b"TRC"] = table
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey(gamma: float) -> bytes:
    """A grey profile of one gamma."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(D50), b"kTRC": _gamma(gamma)})


def ink_lab(c: float, m: float, y: float, k: float) -> tuple[float, float, float]:
    """CIE L*a*b* of an ink mix (each 0 or 1) on the press that `cmyk` describes."""
    light = max(0.0, 100 - 40 * c - 45 * m - 10 * y) * (1 - k)
    return light, (40 * m - 25 * c) * (1 - k), (50 * y - 20 * m - 25 * c) * (1 - k)


def cmyk() -> bytes:
    """A CMYK profile whose table has just the sixteen corners, from `ink_lab`."""
    ramp = bytes(range(256))
    corners = b""
    for inks in itertools.product((0.0, 1.0), repeat=4):
        light, a, b = ink_lab(*inks)
        corners += bytes((round(light * 2.55), round(a + 128), round(b + 128)))
    matrix = b"".join(_fixed(value) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + ramp * 4 + corners + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(D50), b"A2B0": lut})


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in values)


def _gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 132 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4sI", start + len(body), b"\0\0\0\0", 0x02400000) + kind + space + connection
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += b"".join(_fixed(value) for value in D50)
    return head.ljust(128, b"\0") + table + body
