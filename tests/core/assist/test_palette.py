from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest

from core.assist import colour_names, contrast, emotion, palette
from core.images.image import Picture
from core.images.lab_view import LabView, lab_view
from core.scoring import harmony
from tests.core.assist.pictures import ODD, flat, halves, shown


def test_two_colours_have_their_shares_and_names() -> None:
    found = palette.palette(halves((220, 20, 30), (20, 40, 200), share=0.7))
    assert [swatch.name for swatch in found] == ["vivid red", "vivid blue"]
    assert [swatch.share for swatch in found] == pytest.approx([0.7, 0.3], abs=0.01)
    assert found[0].hex == "#dc141e"


def test_alike_colours_are_one_and_rare_ones_go_to_their_neighbour() -> None:
    rgb = np.full((100, 100, 3), (200, 60, 60))
    rgb[:, 50:] = (204, 62, 58)
    rgb[0, :20] = (60, 90, 200)  # 0.2 %
    assert len(palette.palette(shown(rgb))) == 1


def test_many_colours_are_at_most_eight() -> None:
    hues = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).repeat(8, 0).repeat(8, 1)
    assert 5 <= len(palette.palette(shown(hues))) <= palette.MOST


def test_transparent_pixels_do_not_count() -> None:
    rgb = np.full((20, 20, 3), (255, 255, 255))
    rgb[:, 10:] = (200, 30, 30)
    alpha = np.repeat([[0] * 10 + [255] * 10], 20, 0).astype(np.uint8)
    assert [swatch.name for swatch in palette.palette(shown(rgb, alpha))] == ["vivid red"]


def test_palettes_are_as_far_apart_as_their_colours() -> None:
    red, also_red, blue = (palette.palette(flat(*each)) for each in ((200, 30, 30), (190, 36, 34), (30, 40, 190)))
    assert palette.distance(red, red) == 0
    assert palette.distance(red, also_red) < 6 < 30 < palette.distance(red, blue)
    assert palette.distance(red, blue) == palette.distance(blue, red)


def test_equal_pixels_have_equal_palettes() -> None:
    noisy = ODD["noise"]
    assert palette.palette(noisy) == palette.palette(noisy)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [((0, 0, 0), "black"), ((255, 255, 255), "white"), ((128, 128, 128), "grey"), ((96, 60, 30), "brown"),
     ((235, 225, 205), "beige"), ((20, 30, 70), "very dark blue"), ((110, 110, 60), "olive"),
     ((250, 140, 20), "vivid orange")],
)  # fmt: skip
def test_names_are_those_that_people_use(rgb: tuple[int, int, int], name: str) -> None:
    assert palette.palette(flat(*rgb))[0].name == name


def test_every_colour_has_a_name() -> None:
    for lightness in range(0, 101, 5):
        for a in range(-100, 101, 20):
            for b in range(-100, 101, 20):
                assert colour_names.name_of(lightness, a, b)


def hsv(*degrees: float) -> LabView:
    """Bands of pure hues."""
    import colorsys

    bands = [[round(255 * part) for part in colorsys.hsv_to_rgb(hue / 360, 0.9, 0.8)] for hue in degrees]
    return shown(np.repeat(np.repeat(np.array(bands)[None], 30, 0), 20, 1))


@pytest.mark.parametrize(
    ("hues", "template"),
    [((30,), "i"), ((30, 210), "I"), ((10, 40, 70), "V"), ((0, 40, 200), "Y"), ((0, 60, 120, 170), "T"),
     ((0, 50, 180, 230), "X")],
)  # fmt: skip
def test_hues_fit_the_narrowest_template(hues: tuple[float, ...], template: str) -> None:
    found = harmony.harmony(hsv(*hues))
    assert found is not None
    assert found.template == template
    assert found.distance <= harmony.CLOSE


def test_all_hues_are_as_discordant_as_chance() -> None:
    found = harmony.harmony(hsv(*range(0, 360, 3)))
    assert found is not None
    assert found.distance > harmony.CLOSE
    assert found.discord > 0.8


def test_grey_is_neither_harmonious_nor_not() -> None:
    assert harmony.harmony(flat(90, 90, 90)) is None
    assert contrast.warmth(flat(90, 90, 90)) is None


def test_warm_is_warm_and_cool_is_cool() -> None:
    warm, cool = contrast.warmth(flat(220, 90, 30)), contrast.warmth(flat(30, 110, 190))
    assert warm is not None
    assert cool is not None
    assert warm > 0.9
    assert cool < -0.6


def test_contrasts_are_one_where_they_are_strongest() -> None:
    black_white = halves((0, 0, 0), (255, 255, 255))
    assert contrast.contrasts(black_white, palette.palette(black_white)).light_dark == pytest.approx(1, abs=0.01)
    opposite = halves((200, 60, 60), (40, 130, 130))
    found = contrast.contrasts(opposite, palette.palette(opposite))
    assert found.complementary is not None
    assert found.warm_cold is not None
    assert found.complementary > 0.5
    assert found.warm_cold > 0.8
    alone = contrast.contrasts(flat(200, 60, 60), palette.palette(flat(200, 60, 60)))
    assert (alone.light_dark, alone.saturation, alone.extent) == (0, 0, 1)


def test_colourfulness_is_that_of_the_paper_on_a_known_picture() -> None:
    assert contrast.colourfulness(flat(80, 80, 80)) == 0
    # rg = 200 - 40, yb = (200 + 40) / 2 - 40, no spread: 0.3 |(160, 80)|
    assert contrast.colourfulness(flat(200, 40, 40)) == pytest.approx(0.3 * math.hypot(160, 80))


def test_moods_follow_brightness_and_saturation() -> None:
    bright, vivid, dark = emotion.emotion_of(80, 20), emotion.emotion_of(36, 60), emotion.emotion_of(12, 5)
    assert bright.pleasure > 1
    assert bright.dominance < -1
    assert vivid.arousal > 1
    assert dark.dominance > 0.7
    assert dark.pleasure < -0.8
    assert emotion.emotion_of(emotion.BRIGHTNESS[0], emotion.SATURATION[0]).words() == ("neutral",)
    assert emotion.emotion_of(95, 2).words(1)[0] in ("calm", "docile", "tender")
    assert emotion.emotion_of(95, 2).likeness("calm") > 0.4


def test_single_regressions_are_the_papers() -> None:
    one = emotion.emotion_of(emotion.BRIGHTNESS[0] + emotion.BRIGHTNESS[1], emotion.SATURATION[0])
    assert one.point == pytest.approx((0.69, -0.31, -0.76))
    other = emotion.emotion_of(emotion.BRIGHTNESS[0], emotion.SATURATION[0] + emotion.SATURATION[1])
    assert other.point == pytest.approx((0.22, 0.60, 0.32))


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_odd_pictures_have_finite_values_or_none(odd: LabView) -> None:
    swatches = palette.palette(odd)
    assert sum(swatch.share for swatch in swatches) == pytest.approx(1)
    values = [*astuple(contrast.contrasts(odd, swatches)), contrast.warmth(odd), contrast.colourfulness(odd)]
    values += emotion.emotion(odd).point
    found = harmony.harmony(odd)
    values += [found.distance, found.discord] if found else []
    assert all(value is None or math.isfinite(value) for value in values)


def test_a_view_is_small_and_knows_a_blank_picture() -> None:
    assert lab_view(Picture(np.zeros((600, 900, 3), np.uint8))).lab.shape == (171, 256, 3)
    assert ODD["transparent"].is_blank
    assert not ODD["half transparent"].is_blank
