"""Transfer functions of HDR video (ITU-R BT.2100: PQ and HLG), brought to the range of a standard display.

Each channel goes by itself through the tone curve of ITU-R BT.2390-11 (5.4.1), from a picture mastered at 1,000 cd/m2 to
a display whose white is 203 cd/m2, the reference white of BT.2408: what is up to about 80 cd/m2 stays as it is, above
it highlights are compressed, reference white comes out at 78 % of the light, and from 1,000 cd/m2 on all is white.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PEAK, WHITE = 1000.0, 203.0
"""Luminance in cd/m2 that the brightest part of a picture is taken to have, and that of the display's white."""

_M1, _M2 = 2610 / 16384, 128 * 2523 / 4096
_C1, _C2, _C3 = 3424 / 4096, 32 * 2413 / 4096, 32 * 2392 / 4096
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_SYSTEM_GAMMA = 1.2


def pq_light(values: Floats) -> Floats:
    """Linear light of a standard display, 0 to 1, of PQ values from 0 to 1."""
    return _mapped(pq_luminance(values))


def hlg_light(values: Floats) -> Floats:
    """Linear light of a standard display, 0 to 1, of HLG values from 0 to 1, whose system gamma is applied per channel."""
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - _C) / _A) + _B) / 12)
    return _mapped(PEAK * scene.clip(0, 1) ** _SYSTEM_GAMMA)


def pq_luminance(values: Floats) -> Floats:
    """Luminance in cd/m2 of PQ values (SMPTE ST 2084)."""
    root = values.clip(0, 1) ** (1 / _M2)
    light: Floats = 10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    return light


def pq_values(luminance: Floats | float) -> Floats:
    """PQ values of luminance in cd/m2."""
    power = (np.asarray(luminance, dtype=np.float64) / 10_000) ** _M1
    values: Floats = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return values


def _mapped(luminance: Floats) -> Floats:
    black, peak = pq_values(0.0), pq_values(PEAK)
    values = ((pq_values(luminance) - black) / (peak - black)).clip(0, 1)
    top = (pq_values(WHITE) - black) / (peak - black)
    knee = 1.5 * top - 0.5
    t = ((values - knee) / (1 - knee)).clip(0, 1)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * top
    mapped = np.where(values < knee, values, spline)
    light: Floats = (pq_luminance(mapped * (peak - black) + black) / WHITE).clip(0, 1)
    return light
