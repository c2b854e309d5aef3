"""Words of a gallery by kind of run: what groups its pictures, and how a picture's origin is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class GalleryWords:
    """What a gallery calls the pictures of a kind of run."""

    group: str
    """What pictures are grouped by, for people: `Style`."""
    groups: str
    """Several of them: `styles`."""
    source: str
    """How a picture's origin is said; `{}` is its group."""
    triptychs: bool
    """Whether a picture has an asset and an artwork to stand between."""


GALLERY_WORDS: Mapping[str, GalleryWords] = {
    "stylize": GalleryWords("Style", "styles", "in the style {}", triptychs=True),
    "sample": GalleryWords("Checkpoint", "checkpoints", "drawn from {}", triptychs=False),
}
"""By the manifest's `kind`; a kind without an entry, or a row without a kind, has those of `stylize`."""


def words_of(kind: str | None) -> GalleryWords:
    """The words of a row's kind."""
    return GALLERY_WORDS.get(kind or "", GALLERY_WORDS["stylize"])


def shared_words(kinds: Iterable[str | None]) -> GalleryWords:
    """The words of a page whose rows are of these kinds: their own if they agree, else those of `stylize`."""
    found = {words_of(kind) for kind in kinds}
    return found.pop() if len(found) == 1 else GALLERY_WORDS["stylize"]
