from __future__ import annotations

from typing import Any

import pytest

from core.assist.recommend import fit, recommended, variety
from core.errors import SpecError

NOTHING = dict.fromkeys(("lightness", "coherence", "texture", "pleasure", "arousal", "dominance", "mood"))


def row(**values: Any) -> dict[str, Any]:
    usual = {"lightness": 40.0, "chroma": 14.0, "warmth": 0.2, "light_dark": 0.6, "coherence": 0.6, "texture": 0.04}
    return {**usual, "pleasure": 0.0, "arousal": 0.0, "dominance": 0.0, "mood": "neutral", **values}


STYLES = {
    "brush": row(lightness=45.0),
    "dots": row(coherence=0.2, texture=0.01, lightness=60.0),
    "light": row(lightness=70.0, pleasure=1.5, arousal=-1.5, mood="calm, docile"),
    "wild": row(lightness=30.0, pleasure=0.0, arousal=1.5, dominance=1.5, mood="dramatic, joyful"),
}


def test_strokes_that_carry_shapes_and_a_change_of_tone_are_recommended() -> None:
    found = recommended(row(), STYLES, 4)
    assert [each.style for each in found] == ["light", "wild", "brush", "dots"]
    assert all(0 <= each.fit <= 1 and set(each.parts) == {"strokes", "tone", "colour"} for each in found)
    assert "lighter than the picture (L* 70 against 40)" in found[0].reason
    assert "dissolve" in found[-1].reason
    assert recommended(row(lightness=62.0), STYLES, 1)[0].style == "wild"


def test_a_mood_asked_for_decides() -> None:
    assert recommended(row(lightness=75.0), STYLES, 1, "calm")[0].style == "light"
    assert recommended(row(lightness=30.0), STYLES, 1, "dramatic")[0].style == "wild"
    assert "near to calm" in recommended(row(), STYLES, 1, "calm")[0].reason
    with pytest.raises(SpecError, match="there is no mood 'sleepy'"):
        recommended(row(), STYLES, 1, "sleepy")


def test_what_cannot_be_told_is_in_the_middle() -> None:
    found = fit(NOTHING, "x", NOTHING, "calm")
    assert found.parts == {"strokes": 0.5, "tone": 0.5, "colour": 0.5, "mood": 0.5}
    assert found.fit == 0.5
    assert "cannot be told" in found.reason


def test_of_two_styles_that_differ_in_colour_the_one_that_changes_it_is_recommended() -> None:
    styles = {"cool": row(lightness=60.0, warmth=-0.8), "warm": row(lightness=60.0, warmth=0.8)}
    assert recommended(row(warmth=0.7), styles, 1)[0].style == "cool"
    assert "cooler than the picture's" in recommended(row(warmth=0.7), styles, 1)[0].reason
    assert recommended(row(warmth=-0.7), styles, 1)[0].style == "warm"


def test_variety_begins_where_it_is_told_and_goes_far() -> None:
    order = variety({**STYLES, "brush again": row(lightness=45.5)}, "brush")
    assert order[0] == "brush"
    assert order[-1] == "brush again"
    assert sorted(order) == sorted([*STYLES, "brush again"])
    assert variety({"only": row()}, "only") == ["only"]
