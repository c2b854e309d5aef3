"""Recommendation of styles for a picture, with reasons, from the measures of both.

Four parts, each 0 to 1. `strokes`: whether a style's strokes are long enough and follow lines, so that the picture's
shapes survive them; dots and fine hatching dissolve small shapes. `tone`: how much lighter or darker the style is, so that
the picture is seen to change. `colour`: how much warmer or cooler it is. `mood`: where one is asked for, how near the
style's colours come to it. Parts and weights were chosen by what 48 cuts of photographs and 90 paintings scored in the
eight sample styles; what is recommended never hangs on a picture that was made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.assist.emotion import MOODS, Emotion
from core.errors import SpecError

PictureMeasures = Mapping[str, Any]
"""Columns of core.assist.measures."""

COHERENT = (0.20, 0.55)
"""Coherence of a style's texture at which no shapes are carried, and from which all are."""
COARSE = (0.010, 0.030)
"""Texture, in longest sides, at which no shapes are carried, and from which all are."""
FAR = 45.0
"""Difference in mean L* from which a change of tone is whole."""
TURNED = 1.2
"""Difference in warmth from which a change of colour is whole."""
WEIGHTS = {"strokes": 0.55, "tone": 0.4, "colour": 0.05}
MOOD_WEIGHT = 1.0
"""The mood's weight beside the others, whose weights sum to 1, where one is asked for."""
UNKNOWN = 0.5
"""What a part is where it cannot be told: of a flat or invisible picture."""


@dataclass(frozen=True)
class Fit:
    """How a style suits a picture: 0 to 1, the parts that made it, and the same in a sentence."""

    style: str
    fit: float
    parts: dict[str, float]
    reason: str


def check_mood(mood: str | None) -> None:
    """Raises SpecError for a mood that there is no word for."""
    if mood is not None and mood not in MOODS:
        raise SpecError(f"there is no mood {mood!r}", f"there are {', '.join(MOODS)}.")


def recommended(
    asset: PictureMeasures, styles: Mapping[str, PictureMeasures], count: int, mood: str | None = None
) -> list[Fit]:
    """The `count` styles, by name, that suit a picture best, the best first. Raises SpecError for an unknown mood."""
    check_mood(mood)
    found = [fit(asset, name, style, mood) for name, style in styles.items()]
    return sorted(found, key=lambda each: (-each.fit, each.style))[:count]


def fit(asset: PictureMeasures, name: str, style: PictureMeasures, mood: str | None = None) -> Fit:
    """How the style called `name` suits a picture."""
    parts = {"strokes": _strokes(style), "tone": _tone(asset, style), "colour": _colour(asset, style)}
    weights = dict(WEIGHTS)
    if mood is not None:
        parts["mood"], weights["mood"] = _mood(style, mood), MOOD_WEIGHT
    total = sum(weights[part] * value for part, value in parts.items()) / sum(weights.values())
    return Fit(name, total, parts, _reason(asset, style, parts, mood))


def variety(styles: Mapping[str, PictureMeasures], first: str) -> list[str]:
    """The styles, from `first` on each time the one least like those before: any number from the front vary most."""
    names = sorted(styles)
    points = spread([styles[name] for name in names])
    chosen = [names.index(first)]
    gaps = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < len(names):
        gaps[chosen] = -1
        chosen.append(int(gaps.argmax()))
        gaps = np.minimum(gaps, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return [names[place] for place in chosen]


SPREAD = ("lightness", "chroma", "warmth", "light_dark", "coherence", "texture", "pleasure", "arousal")


def spread(rows: Sequence[PictureMeasures]) -> Float[NDArray[np.float64], "n 8"]:
    """Pictures as points, by the measures SPREAD, each in its deviations over these rows; what is null is the mean."""
    values = np.array([[_number(row, name) for name in SPREAD] for row in rows], float)
    known = ~np.isnan(values)
    mean = np.array([values[k, c].mean() if k.any() else 0.0 for c, k in enumerate(known.T)])
    filled = np.where(known, values, mean)
    deviation = filled.std(0)
    return np.asarray((filled - mean) / np.where(deviation > 1e-9, deviation, 1.0))


def _strokes(style: PictureMeasures) -> float:
    coherence, texture = _number(style, "coherence"), _number(style, "texture")
    if math.isnan(coherence) or math.isnan(texture):
        return UNKNOWN
    follows = (coherence - COHERENT[0]) / (COHERENT[1] - COHERENT[0])
    size = math.log(max(texture, 1e-6) / COARSE[0]) / math.log(COARSE[1] / COARSE[0])
    return _clipped(min(follows, size))


def _tone(asset: PictureMeasures, style: PictureMeasures) -> float:
    apart = abs(_number(asset, "lightness") - _number(style, "lightness")) / FAR
    return UNKNOWN if math.isnan(apart) else _clipped(apart)


def _colour(asset: PictureMeasures, style: PictureMeasures) -> float:
    apart = abs(_number(asset, "warmth") - _number(style, "warmth")) / TURNED
    return UNKNOWN if math.isnan(apart) else _clipped(apart)


def _mood(style: PictureMeasures, mood: str) -> float:
    felt = Emotion(*(_number(style, name) for name in ("pleasure", "arousal", "dominance")))
    return UNKNOWN if math.isnan(felt.strength) else _clipped((1 + felt.likeness(mood)) / 2)


def _reason(asset: PictureMeasures, style: PictureMeasures, parts: Mapping[str, float], mood: str | None) -> str:
    said = [_of_strokes(style, parts["strokes"]), _of_tone(asset, style)]
    if parts["colour"] >= 0.4 and None not in (asset.get("warmth"), style.get("warmth")):
        warmer = _number(style, "warmth") > _number(asset, "warmth")
        said.append(f"its colours are {'warmer' if warmer else 'cooler'} than the picture's")
    if mood is not None:
        words = style.get("mood") or "no mood"
        near = parts["mood"]
        how = "near to" if near >= 0.75 else "neither near to nor far from" if near >= 0.5 else "far from"
        said.append(f"its colours ({words}) are {how} {mood}")
    return "; ".join(said)


def _of_strokes(style: PictureMeasures, part: float) -> str:
    texture = _number(style, "texture")
    size = "" if math.isnan(texture) else f" of {texture:.1%} of a side"
    if part >= 0.75:
        return f"strokes{size} follow lines and carry the picture's shapes"
    return f"strokes{size} carry large shapes alone" if part >= 0.4 else f"strokes{size} dissolve the picture's shapes"


def _of_tone(asset: PictureMeasures, style: PictureMeasures) -> str:
    here, there = _number(asset, "lightness"), _number(style, "lightness")
    if math.isnan(here) or math.isnan(there):
        return "how its tones compare cannot be told"
    figures = f"(L* {there:.0f} against {here:.0f})"
    if abs(there - here) < 8:
        return f"its tones are much as the picture's {figures}"
    return f"it is {'lighter' if there > here else 'darker'} than the picture {figures}"


def _number(row: PictureMeasures, name: str) -> float:
    value = row.get(name)
    return math.nan if value is None else float(value)


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))
