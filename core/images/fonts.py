"""Fonts for texts of any script: which installed font has the glyphs of a text, so that no name is drawn as boxes."""

from __future__ import annotations

import functools
from pathlib import Path

from core.storage.bounded_read import open_regular

LATIN = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100))))
"""Characters that every font has."""


def font_for(text: str) -> Path | None:
    """The file of a font that has every glyph of `text`: DejaVu Sans, which comes with matplotlib, or one that is installed.

    None if there is none; then `text` is to be drawn otherwise, such as by a number.
    """
    needed = frozenset(map(ord, text)) - frozenset(map(ord, " \u200d"))
    return next((file for file in _files() if needed <= _glyphs(file)), None)


@functools.cache
def _files() -> tuple[Path, ...]:
    """DejaVu Sans, then what is installed, by name: the same text gets the same font on one machine."""
    from matplotlib import font_manager, get_data_path

    own = Path(get_data_path(), "fonts/ttf/DejaVuSans.ttf")
    return (own, *sorted(Path(file) for file in font_manager.findSystemFonts()))


@functools.cache
def _glyphs(file: Path) -> frozenset[int]:
    """The code points that a font file has glyphs for; none for one that cannot be read."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # matplotlib comes with it

    try:
        with open_regular(file) as data, TTFont(data, fontNumber=0, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except Exception:  # a broken font file can make its reader raise anything
        return frozenset()
