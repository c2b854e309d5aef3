"""Names that are safe on any disk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.safe_text import MAX_COMPONENT, components_cut, portable
from core.storage.run_paths import output_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain/cat.jpg", "plain/cat.jpg"),
        ("a\nb.jpg", "a%0Ab.jpg"),
        ("caf\udce9.jpg", "caf%E9.jpg"),
        ("\x1b[31mred.jpg", "%1B[31mred.jpg"),
        ("quote\"'<script>.jpg", "quote\"'<script>.jpg"),
        ("🌙 月.jpg", "🌙 月.jpg"),
        ("\u202egpj.jpg", "%E2%80%AEgpj.jpg"),
    ],
)
def test_portable(name: str, expected: str) -> None:
    assert portable(name) == expected


@given(st.text())
def test_portable_names_are_utf8_without_controls(name: str) -> None:
    made = portable(name)
    made.encode()
    assert made.isprintable() or all(char.isprintable() or char in "\u200d" or not char.isascii() for char in made)


def test_over_long_names_are_cut_and_stay_apart() -> None:
    first, second = components_cut("é" * 200 + "1.jpg"), components_cut("é" * 200 + "2.jpg")
    assert first != second
    assert max(len(name.encode()) for name in (first, second)) <= MAX_COMPONENT


def test_two_suffixes_keep_two_outputs() -> None:
    assert output_name("wave", "cat.jpg", "png") != output_name("wave", "cat.png", "png")
    assert output_name("wave", "trip/cat.jpg", "png", mark="0123456789") == "wave/trip/cat.jpg~0123456789.png"
