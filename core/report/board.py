"""Board of a survey: pictures with palettes, moods, groups and style drafts, on one static page opened from disk.

It is given plain data, and paths relative to the page; names are escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.report.pages import environment, href
from core.safe_text import portable

SHOWN = 300
"""Pictures that a page shows; the table has them all."""
FARTHEST = 2.5
"""Deviations of pleasure or arousal at the edge of the wheel of moods."""


@dataclass(frozen=True)
class PaletteColour:
    """A colour of a palette: as in CSS, its share 0 to 1, its name."""

    hex: str
    share: float
    name: str


@dataclass(frozen=True)
class SimilarPicture:
    """A picture like another one, by its place on the board; likeness 0 to 1."""

    place: int
    likeness: float


@dataclass(frozen=True)
class PagePicture:
    """A picture on the board."""

    name: str
    thumb: str | None
    palette: Sequence[PaletteColour]
    overlays: Mapping[str, str]
    """Paths by what they show."""
    files: Mapping[str, str]
    """Palette files by suffix."""
    mood: str | None
    point: tuple[float, float] | None
    """Pleasure and arousal."""
    measures: Mapping[str, Any]
    near: Sequence[SimilarPicture] = ()


@dataclass(frozen=True)
class PictureGroup:
    """Pictures that are alike: a few words, and their places on the board, the most typical first."""

    words: str
    places: Sequence[int]
    palette: Sequence[PaletteColour]


@dataclass(frozen=True)
class StyleDraft:
    """A proposed style for a picture, with a small draft if one could be made."""

    place: int
    style: str
    artwork: str | None
    picture: str | None
    reason: str
    fit: float
    command: str


@dataclass(frozen=True)
class InspirationPage:
    """All of a page. `meanings`: of the measures, by name; `caveat`: what moods are and are not."""

    title: str
    pictures: Sequence[PagePicture]
    meanings: Mapping[str, str]
    caveat: str
    failed: Sequence[tuple[str, str]] = ()
    """Names of pictures that could not be looked at, and why."""
    groups: Sequence[PictureGroup] = ()
    drafts: Sequence[StyleDraft] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def inspiration_page(board: InspirationPage) -> bytes:
    """The page."""
    made = environment(href=href, percent="{:.0%}".format, figure=_figure, wheel=_on_wheel)
    page = made.get_template("board.html").render(
        board=board, title=portable(board.title), shown=board.pictures[:SHOWN], most=SHOWN
    )
    return page.encode()


def _figure(value: Any) -> str:
    """A measure as it is read: three digits, a dash where it does not apply."""
    if value is None:
        return "does not apply"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _on_wheel(point: tuple[float, float]) -> tuple[float, float]:
    """Where a mood lies on the wheel, in percent from its left and top; what lies beyond is drawn to the edge."""
    x, y = (max(-1.0, min(1.0, value / FARTHEST)) for value in point)
    return 50 + 46 * x, 50 - 46 * y
