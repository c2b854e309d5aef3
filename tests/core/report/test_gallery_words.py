"""Words of a gallery: a row has those of its kind, a page those that its rows share."""

from __future__ import annotations

import pytest

from core.report.gallery_words import GALLERY_WORDS, shared_words, words_of
from core.runs.run_kinds import RUN_KINDS

STYLIZE, SAMPLE = GALLERY_WORDS["stylize"], GALLERY_WORDS["sample"]


def test_every_kind_of_run_has_words_of_its_own() -> None:
    assert set(GALLERY_WORDS) == set(RUN_KINDS)


@pytest.mark.parametrize(("kind", "words"), [("sample", SAMPLE), ("stylize", STYLIZE), (None, STYLIZE), ("?", STYLIZE)])
def test_words_of_a_row_are_those_of_its_kind(kind: str | None, words: object) -> None:
    assert words_of(kind) is words


@pytest.mark.parametrize(
    ("kinds", "words"),
    [(["sample", "sample"], SAMPLE), (["sample", "stylize"], STYLIZE), (["sample", None], STYLIZE), ([], STYLIZE)],
)
def test_words_of_a_page_are_those_that_its_rows_share(kinds: list[str | None], words: object) -> None:
    assert shared_words(kinds) is words
