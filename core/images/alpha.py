"""Alpha compositing over white, and un-premultiplied (straight) colours that look the same there."""

from __future__ import annotations

import numpy as np

from core.images.pixel_types import U8, Samples

_STRIP = 1 << 20


def over_white(rgb: U8, alpha: U8) -> U8:
    """Straight colour (height, width, 3) composited over white: its darkness (255 - colour) times alpha."""
    dark = (255 - rgb).astype(np.uint16) * alpha[..., None]
    return (255 - (dark + 127) // 255).astype(np.uint8)


def straight(rgb: Samples, alpha: Samples) -> Samples:
    """The colour (height, width, 3) that gives `rgb` again over white: no white fringe shows on another background."""
    most = np.uint32(np.iinfo(rgb.dtype).max)
    made = np.empty_like(rgb)
    rows = max(1, _STRIP // rgb.shape[1])
    for top in range(0, len(rgb), rows):
        part = slice(top, top + rows)
        cover = alpha[part].astype(np.uint32)[..., None]
        dark = (most - rgb[part]) * most + cover // 2  # fits: 65535^2 + 32767 < 2^32
        full = np.minimum(dark // np.maximum(cover, 1), most)
        made[part] = most - full * (cover > 0)
    return made
