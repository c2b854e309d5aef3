"""Channels, receptive field and FLOPs of the feed-forward transfer network; needs no torch."""

from __future__ import annotations

ENCODER = (32, 64, 128)
"""Channels at a half, a quarter and an eighth of the size."""
BLOCKS = 3
FINE = 16
"""Channels at full size."""
REDUCTION = 8
"""Pixels a side that a value of the deepest layers stands for."""
REACH = 88
"""Pixels to each side that an output pixel depends on at most, besides the statistics of the whole picture, a multiple of
REDUCTION: convolutions reach their half width at their own size, 2 + 2 + 4 on the way down, 6 x 8 in the blocks, 8 + 4 + 4
+ 2 + 2 + 1 + 2 on the way up, and repeated values up to 7 more.
"""


def channels(breadth: float) -> tuple[int, int, int, int]:
    """Channels at a half, a quarter and an eighth of the size, and at full size, of a network so many times as broad.

    >>> channels(1), channels(0.5), channels(0.1)
    ((32, 64, 128, 16), (16, 32, 64, 8), (8, 8, 16, 8))
    """
    half, quarter, eighth, fine = (max(8, 8 * round(count * breadth / 8)) for count in (*ENCODER, FINE))
    return half, quarter, eighth, fine


def gflop(height: int, width: int, breadth: float = 1.0) -> float:
    """Multiplications and additions of a picture's convolutions, in 1e9."""
    half, quarter, eighth, fine = channels(breadth)
    shapes = [(12, half, 2), (half, quarter, 4), (quarter, eighth, 8), *[(eighth, eighth, 8)] * (2 * BLOCKS)]
    shapes += [(eighth, quarter, 8), (quarter, quarter, 4), (quarter, half, 4), (half, half, 2), (half, fine, 2)]
    shapes += [(fine, fine, 1)]
    values = sum(9 * inputs * outputs / reduction**2 for inputs, outputs, reduction in shapes) + 25 * fine * 3
    return 2 * values * height * width / 1e9
