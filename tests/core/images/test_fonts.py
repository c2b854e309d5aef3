"""Names of any script are drawn in glyphs, or otherwise: never as boxes."""

from pathlib import Path

import pytest
from PIL import ImageFont

from core.images import fonts
from core.images.fonts import font_for

NAMES = ("caf\u00e9", "\u041a\u043e\u0442", "\u03b3\u03ac\u03c4\u03b1", "\u0642\u0637", "\u05d7\u05ea\u05d5\u05dc")


@pytest.mark.parametrize("text", NAMES)
def test_font_for_finds_glyphs_of_many_scripts(text: str) -> None:
    file = font_for(text)
    assert file is not None
    font = ImageFont.truetype(file, 30)
    box = bytes(font.getmask("\uffff"))
    assert all(bytes(font.getmask(letter)) != box for letter in text)


def test_font_for_says_when_no_font_has_a_letter() -> None:
    assert font_for("\U000f0000") is None


def test_a_broken_font_file_has_no_glyphs(tmp_path: Path) -> None:
    (tmp_path / "x.ttf").write_bytes(b"no font")
    assert fonts._glyphs(tmp_path / "x.ttf") == frozenset()
