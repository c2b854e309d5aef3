"""Pairs of an asset and a style: all, K random ones an asset, or those of a CSV with recipe overrides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.config.base_spec import as_spec_error
from core.config.recipe import FILES, Recipe, RecipeOverrides, check_overrides, files_of
from core.errors import SpecError
from core.planning.catalog import Style
from core.planning.library import Asset
from core.safe_text import composed, printable, truncated
from core.storage.text_file import read_csv

MOST_BYTES = 256 << 20
"""Bytes of a pairs file: a million pairs of 250 bytes."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One asset and one style, by their places in the library and the catalog."""

    asset: int
    style: int
    overrides: dict[str, Any] = field(default_factory=dict)


def pair_up(pairs: str, assets: Sequence[Asset], styles: Sequence[Style], seed: int) -> Iterator[Pair]:
    """The pairs that a spec's `pairs` asks for, asset by asset. Raises SpecError for a wrong CSV."""
    if pairs == "all":
        yield from (Pair(a, s) for a in range(len(assets)) for s in range(len(styles)))
    elif pairs.startswith("random:"):
        yield from _random(int(pairs.removeprefix("random:")), assets, styles, seed)
    else:
        yield from _listed(Path(pairs), assets, styles)


def _random(count: int, assets: Sequence[Asset], styles: Sequence[Style], seed: int) -> Iterator[Pair]:
    """K styles an asset. The draw depends on seed and asset alone, so a new asset does not change the styles of others."""
    for a, asset in enumerate(assets):
        drawn = sorted((_draw(f"{seed}/{asset.name}/{style.name}"), s) for s, style in enumerate(styles))
        yield from (Pair(a, s) for s in sorted(s for _, s in drawn[:count]))


def _draw(text: str) -> bytes:
    """A number that is random for each text and always the same for one text."""
    return hashlib.sha256(text.encode()).digest()


def _listed(path: Path, assets: Sequence[Asset], styles: Sequence[Style]) -> Iterator[Pair]:
    by_asset = _Places(asset.name for asset in assets)
    by_style = _Places(style.name for style in styles)
    for line, row in _rows(path):
        asset, style = row.pop("asset"), row.pop("style")
        place, other = by_asset.find(asset), by_style.find(style)
        if place is None:
            raise SpecError(
                f"{path}, line {line}: asset {_quoted(asset)} is not in the library", "correct its relative path."
            )
        if other is None:
            raise SpecError(
                f"{path}, line {line}: style {_quoted(style)} is not in the catalog",
                f"there are {_some([each.name for each in styles])}.",
            )
        yield Pair(place, other, _overrides(row, f"{path}, line {line}"))


class _Places:
    """Finds names exactly, or else whatever their Unicode composition: a spreadsheet composes what a disk decomposed."""

    def __init__(self, names: Iterable[str]) -> None:
        self._exact = {name: place for place, name in enumerate(names)}
        self._composed = {composed(name): place for name, place in self._exact.items()}

    def find(self, name: str) -> int | None:
        """The place of `name`, or None."""
        return self._exact.get(name, self._composed.get(composed(name)))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    table = read_csv(path, MOST_BYTES, "pairs file", "give the path of a CSV with asset,style columns.")
    unknown = [name for name in table.columns if name not in ("asset", "style", *Recipe.model_fields)]
    if unknown or not {"asset", "style"} <= set(table.columns) or len(set(table.columns)) < len(table.columns):
        fault = f"unknown column {_quoted(unknown[0])}" if unknown else "no `asset` and `style` columns, each once"
        raise SpecError(f"{path}: {fault}", "the header is asset,style and then any recipe fields.")
    yield from table.rows()


def _overrides(cells: dict[str, str], source: str) -> dict[str, Any]:
    """Recipe fields from a CSV row; layers are separated by spaces, an empty cell changes nothing."""
    values = {
        name: tuple(text.split()) if Recipe.model_fields[name].annotation == tuple[str, ...] else text
        for name, text in cells.items()
        if text.strip()
    }
    for name in files_of(values):
        raise SpecError(
            f"{source}: {name} may only be {' or '.join(sorted(FILES[name]))} here", "name a file in the spec."
        )
    with as_spec_error(source):
        parsed = RecipeOverrides.model_validate(values)
        check_overrides(parsed.model_dump(exclude_none=True))
    return parsed.model_dump(exclude_none=True)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name) for name in sorted(names)[:5])
    return shown + (", ..." if len(names) > 5 else "")


def _quoted(name: str) -> str:
    return truncated(repr(name))
