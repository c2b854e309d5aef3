"""Coding-independent code points (ITU-T H.273) of PNG, AVIF and ICC profiles, as ICC profiles."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from core.images.colour.icc import SRGB
from core.images.colour.rgb_profile import (
    D65,
    SRGB_CHROMATICITIES,
    SRGB_CURVE,
    Chromaticities,
    Floats,
    gamma_curve,
    rgb_profile,
    sampled_curve,
)
from core.images.colour.tone_mapping import hlg_light, pq_light

_C = (0.310, 0.316)
_NTSC = Chromaticities(D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_UNSPECIFIED = 2
_PRIMARIES = {
    1: SRGB_CHROMATICITIES,
    _UNSPECIFIED: SRGB_CHROMATICITIES,
    4: Chromaticities(_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Chromaticities(D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: _NTSC,
    7: _NTSC,
    8: Chromaticities(_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: Chromaticities(D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Chromaticities((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Chromaticities(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Chromaticities(D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_LIKE_SRGB = frozenset({1, 2, 6, 11, 13, 14, 15})
"""Transfers of standard video are shown as sRGB, as browsers do: what a camera encodes by them is meant for such a
display.
"""
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_PQ, _HLG = 16, 18
_POINTS = 4096


class Cicp(NamedTuple):
    """Codes of primaries and of the transfer function, and whether values reach from black 0 to white at their top, not
    from 16 to 235 of 255.
    """

    primaries: int
    transfer: int
    full_range: bool = True

    @property
    def is_hdr(self) -> bool:
        """Whether values are brighter than a standard display can show."""
        return self.transfer in (_PQ, _HLG)


@lru_cache(maxsize=32)
def cicp_profile(codes: Cicp, bits: int = 8) -> bytes | None:
    """The profile of RGB values of so many bits by these codes; `icc.SRGB` for sRGB, None for codes that mean nothing here.

    PQ and HLG are tone-mapped in it (see core.images.colour.tone_mapping).
    """
    colours = _PRIMARIES.get(codes.primaries)
    if codes.primaries == codes.transfer == _UNSPECIFIED or colours is None:
        return None
    if not (codes.transfer in _LIKE_SRGB or codes.transfer in _GAMMAS or codes.is_hdr):
        return None
    if codes.full_range and not codes.is_hdr:
        if colours is SRGB_CHROMATICITIES and codes.transfer in _LIKE_SRGB:
            return SRGB
        curve = SRGB_CURVE if codes.transfer in _LIKE_SRGB else gamma_curve(_GAMMAS[codes.transfer])
    else:
        curve = sampled_curve(_light(codes.transfer, _values(codes.full_range, bits)))
    return rgb_profile(f"H.273 primaries {codes.primaries}, transfer {codes.transfer}", colours, curve)


def _values(full_range: bool, bits: int) -> Floats:
    """The nominal values, 0 to 1, of stored ones evenly spread from 0 to 1."""
    stored = np.linspace(0, 1, _POINTS)
    unit = 2.0 ** (bits - 8)
    return stored if full_range else ((stored * (2**bits - 1) / unit - 16) / 219).clip(0, 1)


def _light(transfer: int, values: Floats) -> Floats:
    if transfer == _PQ:
        return pq_light(values)
    if transfer == _HLG:
        return hlg_light(values)
    if transfer in _GAMMAS:
        return values ** _GAMMAS[transfer]
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
