"""Names of colours in words: a hue, and how light and how vivid it is."""

from __future__ import annotations

import math

GREY = 6.0
"""C* below which a colour has no hue to speak of."""

HUES: tuple[tuple[float, str], ...] = (
    (15, "pink"),
    (48, "red"),
    (72, "orange"),
    (105, "yellow"),
    (128, "lime"),
    (170, "green"),
    (220, "teal"),
    (310, "blue"),
    (332, "violet"),
    (354, "magenta"),
    (360, "pink"),
)
"""The hue angle in CIELAB, in degrees, up to which a colour bears the name. sRGB's own: red 40, yellow 103, green 136, cyan
196, blue 306, magenta 328."""

OLIVE = (85.0, 128.0)
"""Hues that are called olive where they are dark."""

GREYS: tuple[tuple[float, str], ...] = (
    (12, "black"),
    (38, "dark grey"),
    (65, "grey"),
    (90, "light grey"),
    (101, "white"),
)
"""L* up to which a colour without hue bears the name."""

BROWN = (20.0, 100.0)
"""Hues that are called brown where they are dark, and beige where they are light and faint."""


def name_of(lightness: float, a: float, b: float) -> str:
    """The colour with these CIELAB coordinates, in one to three words.

    >>> name_of(53.2, 80.1, 67.2), name_of(32.3, 79.2, -107.9), name_of(97.1, -21.6, 94.5)
    ('vivid red', 'vivid blue', 'vivid yellow')
    >>> name_of(50, 0, 0), name_of(35, 15, 25), name_of(80, 2, 18)
    ('grey', 'brown', 'beige')
    """
    chroma, hue = math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360
    if chroma < GREY:
        return next(name for limit, name in GREYS if lightness < limit)
    if BROWN[0] <= hue <= BROWN[1]:
        if lightness < 55 and chroma < 45:
            return "dark brown" if lightness < 25 else "brown"
        if lightness >= 55 and chroma < 28:
            return "beige" if lightness >= 75 else "light brown"
    if OLIVE[0] <= hue <= OLIVE[1] and lightness < 60 and chroma < 50:
        return "dark olive" if lightness < 30 else "olive"
    base = next(name for limit, name in HUES if hue <= limit)
    return f"{_manner(lightness, chroma)}{base}"


def _manner(lightness: float, chroma: float) -> str:
    if lightness < 22:
        return "very dark "
    if chroma >= 65:
        return "vivid "
    depth = "dark " if lightness < 40 else "light " if lightness > 75 else ""
    return f"{depth}greyish " if chroma < 18 else depth
