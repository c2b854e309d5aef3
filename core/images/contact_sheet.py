"""Labelled contact sheets: pictures in a grid, with what each row and each column has in common written beside it."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.images.fonts import LATIN, font_for
from core.images.pixel_types import U8

SMALLEST, LARGEST = 224, 640
"""Pixels of a cell's longest side: smaller pictures are enlarged, so that labels fit, and larger ones are shrunk."""
LONGEST_SHEET = 12_000
"""Pixels that a side of the pictures together may have; with many of them, each is made smaller."""
NARROWEST = 96

GAP, MARGIN = 8, 16
GROUND, INK, FAINT, EMPTY = (24, 24, 26), (238, 238, 238), (160, 160, 166), (40, 40, 43)
"""A dark grey that leaves the pictures' colours be, texts on it, and a cell without a picture."""
LEAST_FONT = 11
"""Font size in pixels under which a label is cut instead of written smaller."""


@dataclass(frozen=True)
class Label:
    """What a row or a column has in common: a name, faint, and under it a value."""

    name: str
    value: str


def contact_sheet(
    pictures: Mapping[tuple[int, int], U8], rows: Sequence[Label], columns: Sequence[Label], title: str
) -> U8:
    """A sheet (height, width, 3) of pictures (h, w, 3), each at its (row, column); one that is missing leaves a dark cell.

    There is at least one picture. All are shown at one size, so that they can be compared. Without labels of rows, or of
    columns, there is one row, or one column.
    """
    height, width = _cell(list(pictures.values()), max(1, len(rows)), max(1, len(columns)))
    font = max(14, min(28, width // 14))
    left = MARGIN + (GAP + _widest(rows, font) if rows else 0)
    title_height = 2 * font
    top = MARGIN + title_height + (3 * font if columns else 0)
    down, across = max(1, len(rows)), max(1, len(columns))
    size = (left + across * (width + GAP) - GAP + MARGIN, top + down * (height + GAP) - GAP + MARGIN)
    sheet = Image.new("RGB", size, GROUND)
    draw = ImageDraw.Draw(sheet)
    _write(draw, (MARGIN, MARGIN), title, font, FAINT, size[0] - 2 * MARGIN)
    for column, label in enumerate(columns):
        _label(draw, label, (left + column * (width + GAP), top - 3 * font), font, width)
    for row, label in enumerate(rows):
        _label(
            draw, label, (MARGIN, top + row * (height + GAP) + height // 2 - 3 * font // 2), font, left - MARGIN - GAP
        )
    for row in range(down):
        for column in range(across):
            place = (left + column * (width + GAP), top + row * (height + GAP))
            sheet.paste(_view(pictures.get((row, column)), width, height), place)
    return np.asarray(sheet).copy()


def _cell(pictures: Sequence[U8], rows: int, columns: int) -> tuple[int, int]:
    """Height and width of a cell: of the largest picture, within bounds."""
    height, width = max((picture.shape[:2] for picture in pictures), key=max)
    most = max(NARROWEST, min(LARGEST, LONGEST_SHEET // max(rows, columns)))
    longest = min(max(height, width, SMALLEST), most)
    scale = longest / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _view(picture: U8 | None, width: int, height: int) -> Image.Image:
    if picture is None:
        return Image.new("RGB", (width, height), EMPTY)
    return Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)


def _label(draw: ImageDraw.ImageDraw, label: Label, place: tuple[int, int], font: int, width: int) -> None:
    left, top = place
    _write(draw, (left, top), label.name, round(0.8 * font), FAINT, width)
    _write(draw, (left, top + round(1.2 * font)), label.value, font, INK, width)


def _write(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, ink: tuple[int, int, int], width: int
) -> None:
    """Write a line that is at most `width` pixels long: smaller if need be, and cut if that is not enough."""
    while size > LEAST_FONT and _font(size, text).getlength(text) > width:
        size -= 1
    if _font(size, text).getlength(text) > width:
        while text and _font(size, text).getlength(text + "...") > width:
            text = text[:-1]
        text += "..."
    draw.text(place, text, fill=ink, font=_font(size, text))


def _widest(labels: Sequence[Label], font: int) -> int:
    """Pixels that the labels of rows take, of which a long one has no more than twenty letters' room."""
    lengths = [_font(font, label.value).getlength(label.value) for label in labels]
    lengths += [_font(round(0.8 * font), label.name).getlength(label.name) for label in labels]
    return min(math.ceil(max(lengths)), 12 * font)


def _font(size: int, text: str = "") -> ImageFont.FreeTypeFont:
    """Pillow's own font, which is the same everywhere, or for a text that it has no letters for another one."""
    return _loaded(size, None if LATIN.issuperset(text) else font_for(text))


@functools.lru_cache(maxsize=64)
def _loaded(size: int, file: Path | None) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(file, size) if file else ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
