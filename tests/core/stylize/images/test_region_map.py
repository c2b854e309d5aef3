"""Region maps: colours that a file format changed a little, smoothed edges, and colours that nobody named."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from core.errors import Unsupported
from core.images.image import Picture, from_bytes
from core.stylize.images.region_map import labels

COLOURS = ["#ff0000", "#0000ff", "#000000"]


def drawn(size: int = 64, scale: int = 1, extra: str | None = None) -> Image.Image:
    """Blue above red with a black disc, smoothed if `scale` is over 1; and a square of another colour."""
    side = size * scale
    picture = Image.new("RGB", (side, side), "#0000ff")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(0, side // 2), (side, side // 3), (side, side), (0, side)], fill="#ff0000")
    draw.ellipse((side // 4, side // 4, side // 2, side // 2), fill="#000000")
    if extra:
        draw.rectangle((side // 2, side // 2, side // 2 + side // 8, side // 2 + side // 8), fill=extra)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def picture(image: Image.Image) -> Picture:
    return Picture(np.asarray(image))


EXACT = labels(picture(drawn()), COLOURS, "m.png")


def test_each_pixel_has_its_colour() -> None:
    found = labels(picture(drawn()), COLOURS, "m.png")
    assert [int(found[place]) for place in ((2, 2), (60, 2), (24, 24))] == [1, 0, 2]


def test_smoothed_edges_are_the_nearest_colour() -> None:
    found = labels(picture(drawn(scale=4)), COLOURS, "m.png")
    assert (found != EXACT).float().mean() < 0.05


@pytest.mark.parametrize("quality", [60, 90])
def test_a_jpeg_is_read_as_what_was_drawn(quality: int) -> None:
    buffer = io.BytesIO()
    drawn(256).save(buffer, "JPEG", quality=quality)
    found = labels(from_bytes(buffer.getvalue()), COLOURS, "m.jpg")
    assert (found != labels(picture(drawn(256)), COLOURS, "m.png")).float().mean() < 0.03


def test_palettes_are_colours() -> None:
    buffer = io.BytesIO()
    drawn().quantize(8).save(buffer, "PNG")
    assert torch.equal(labels(from_bytes(buffer.getvalue()), COLOURS, "m.png"), EXACT)


def test_an_unknown_colour_is_named_with_its_place() -> None:
    with pytest.raises(
        Unsupported, match=r"region map a/m\.png has an area of #00ff00 \(about x 3\d, y 3\d\)"
    ) as caught:
        labels(picture(drawn(extra="#00ff00")), COLOURS, "a/m.png")
    assert "knows #ff0000, #0000ff, #000000" in str(caught.value)


def test_what_a_named_colour_is_near_to_is_not_unknown() -> None:
    labels(picture(drawn(extra="#f01410")), COLOURS, "m.png")


def test_a_photograph_is_no_region_map() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    smooth = Image.fromarray(noise).resize((256, 256), Image.Resampling.BICUBIC)
    with pytest.raises(Unsupported, match="has an area of"):
        labels(picture(smooth), COLOURS, "m.png")


def test_one_pixel_is_enough() -> None:
    assert labels(Picture(np.array([[[250, 3, 9]]], np.uint8)), COLOURS, "m.png").tolist() == [[0]]
