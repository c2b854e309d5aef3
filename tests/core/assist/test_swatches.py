from __future__ import annotations

import io
import struct

from PIL import Image

from core.assist.palette import palette
from core.assist.swatches import WRITERS
from tests.core.assist.pictures import halves

SWATCHES = palette(halves((220, 20, 30), (20, 40, 200), share=0.75))


def test_a_picture_shows_stripes_as_wide_as_the_shares() -> None:
    strip = Image.open(io.BytesIO(WRITERS["png"](SWATCHES, ""))).convert("RGB")
    assert strip.getpixel((400, 10)) == (220, 20, 30)
    assert strip.getpixel((500, 10)) == (20, 40, 200)


def test_gimp_gets_a_line_a_colour() -> None:
    lines = WRITERS["gpl"](SWATCHES, "Two\ncolours").decode().splitlines()
    assert lines[:2] == ["GIMP Palette", "Name: Two colours"]
    assert lines[4] == "220  20  30\tvivid red #dc141e"


def test_css_cannot_be_broken_out_of() -> None:
    text = WRITERS["css"](SWATCHES, "a */ body { color: red } /*").decode()
    assert text.splitlines()[0].count("*/") == 1
    assert "--color-1: #dc141e;" in text


def test_ase_is_laid_out_as_adobe_reads_it() -> None:
    data = WRITERS["ase"](SWATCHES, "Two")
    assert data[:4] == b"ASEF"
    assert struct.unpack(">HHI", data[4:12]) == (1, 0, 4)
    place, kinds, colours = 12, [], []
    while place < len(data):
        kind, length = struct.unpack(">HI", data[place : place + 6])
        body = data[place + 6 : place + 6 + length]
        kinds.append(kind)
        if kind == 1:
            (letters,) = struct.unpack(">H", body[:2])
            assert body[2 : 2 * letters].decode("utf-16-be").startswith("vivid")
            colours.append(struct.unpack(">4s3f", body[2 + 2 * letters : 18 + 2 * letters]))
        place += 6 + length
    assert kinds == [0xC001, 1, 1, 0xC002]
    assert colours[0][0] == b"RGB "
    assert round(colours[0][1] * 255) == 220
