"""Names of styles that no `catalog.toml` gives: of the artwork's file, or of its path where another is called so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from core.planning.library import Asset, file_mark
from core.safe_text import comparable


def style_names(artworks: Sequence[Asset], taken: set[str]) -> list[str]:
    """A name for each artwork: its stem; where that is taken, or several have it, its path without the suffix, then its
    path, then its path with a mark of what the disk calls it. `taken` are names as `comparable` has them, and so are names
    compared: a volume may take `Wave` and `wave` for one. The order of artworks changes nothing.
    """
    names: dict[str, str] = {}
    used, nameless = set(taken), list(artworks)
    for naming in _NAMINGS:
        counts = Counter(comparable(naming(each)) for each in nameless)
        chosen = {
            each.file: naming(each)
            for each in nameless
            if counts[comparable(naming(each))] == 1 and comparable(naming(each)) not in used
        }
        names |= chosen
        used |= {comparable(name) for name in chosen.values()}
        nameless = [each for each in nameless if each.file not in chosen]
    return [names.get(each.file) or _marked(each) for each in artworks]


def _stem(artwork: Asset) -> str:
    return PurePosixPath(artwork.name).stem


def _without_suffix(artwork: Asset) -> str:
    return PurePosixPath(artwork.name).with_suffix("").as_posix()


def _path(artwork: Asset) -> str:
    return artwork.name


def _marked(artwork: Asset) -> str:
    return f"{artwork.name}~{file_mark(artwork.file)}"


_NAMINGS: tuple[Callable[[Asset], str], ...] = (_stem, _without_suffix, _path, _marked)
