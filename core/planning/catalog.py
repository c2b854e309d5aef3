"""The catalog: a folder of artworks, each a style, with an optional `catalog.toml` that says more about them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from core.config.base_spec import as_spec_error
from core.config.recipe import RecipeOverrides, check_overrides, files_of
from core.config.spec_fields import plain_text
from core.errors import SpecError
from core.images.formats import listed
from core.planning.library import Asset, matches, scan
from core.planning.style_names import style_names
from core.safe_text import comparable, composed, printable, truncated
from core.storage.passed_over import PassedOver
from core.storage.toml_file import toml_values

CATALOG_FILE = "catalog.toml"

KEEP = "keep"
"""Stands for a style in a region that is left as the asset has it."""


class Artwork(BaseModel):
    """One picture of a style, with its share in a blend."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(min_length=1)
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)

    @field_validator("file")
    @classmethod
    def _inside(cls, value: str) -> str:
        path = PurePosixPath(plain_text(value).replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or (value[1:2] == ":"):
            raise ValueError("must be a path inside the catalog folder")
        return path.as_posix()


def _colour(value: str) -> str:
    """`value` in small letters, if it is a colour. Raises ValueError."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError(
            "a region's colour is written as in `#ff0000`, two hexadecimal digits each of red, green and blue"
        )
    return value.lower()


class Entry(BaseModel):
    """What `catalog.toml` may say of a style, under `[styles.<name>]`: `file`, several `artworks` with weights, or
    `regions`, which give each colour of a region map another style of the catalog, or `keep`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str | None = None
    artworks: tuple[Artwork, ...] = ()
    regions: dict[Annotated[str, AfterValidator(_colour)], str] = Field(default={}, max_length=64)
    title: str = ""
    artist: str = ""
    year: str | int = ""
    licence: str = ""
    credit: str = ""
    recipe: RecipeOverrides = Field(default_factory=RecipeOverrides)  # type: ignore[valid-type]

    @field_validator("regions", mode="before")
    @classmethod
    def _each_once(cls, value: Any) -> Any:
        if isinstance(value, dict) and len({str(colour).lower() for colour in value}) < len(value):
            raise ValueError("a colour stands there twice; leave one of them out")
        return value

    def pictures(self) -> tuple[Artwork, ...]:
        """The style's artworks, in order."""
        return (Artwork(file=self.file),) if self.file else self.artworks


def _style_name(value: str) -> str:
    """`value`, if it can be the name of a folder of outputs. Raises ValueError."""
    if value[:1] in ("", ".") or "/" in value or "\\" in plain_text(value) or printable(value) != value:
        raise ValueError("a style's name is printable, with no slash or backslash in it and no dot at its beginning")
    return value


class CatalogFile(BaseModel):
    """The whole of `catalog.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    styles: dict[Annotated[str, Field(max_length=150), AfterValidator(_style_name)], Entry] = {}


class StyleRegion(BaseModel):
    """A colour of region maps, and the artworks whose style it gets, of weights that sum to 1; none: it is kept."""

    model_config = ConfigDict(frozen=True)

    colour: str
    artworks: tuple[Artwork, ...] = ()


class Style(BaseModel):
    """One style: its name, artworks with weights, and what is known of them."""

    model_config = ConfigDict(frozen=True)

    name: str
    entry: Entry
    problem: str | None = None
    regions: tuple[StyleRegion, ...] = ()

    def overrides(self) -> dict[str, Any]:
        """The recipe fields that this style changes."""
        return self.entry.recipe.model_dump(exclude_none=True)  # type: ignore[no-any-return, attr-defined]

    @property
    def artworks(self) -> tuple[Artwork, ...]:
        """The artworks, in order; region by region where there are any."""
        return tuple(artwork for region in self.regions for artwork in region.artworks) or self.entry.pictures()


def load_catalog(
    root: Path,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    *,
    system_folders: bool = False,
    passed: PassedOver | None = None,
) -> list[Style]:
    """The styles of a folder, by name. A picture that `catalog.toml` does not name is a style called as its file, or as
    its path where another style is called so. What the scan passed over is added to `passed`.

    Raises SpecError: a wrong catalog.toml, a file outside the folder, or no style at all.
    """
    library = scan(root, system_folders=system_folders)
    described = [_as_on_disk(style, library.assets) for style in _described(root)]
    named = {os.path.normpath(artwork.file) for style in described for artwork in style.artworks}
    others = [asset for asset in library.assets if asset.file not in named]
    names = style_names(others, {comparable(style.name) for style in described})
    plain = [_plain_style(asset, name) for asset, name in zip(others, names, strict=True)]
    styles = _with_regions(described + plain, root / CATALOG_FILE)
    kept = [style for style in styles if matches(style.name, include, exclude)]
    library.passed.unmatched = [
        pattern for pattern in (*include, *exclude) if not any(matches(style.name, [pattern], []) for style in styles)
    ]
    if passed is not None:
        passed.add(library.passed)
    if not kept:
        left = f" ({len(styles):,} styles fit no `include_styles` or are excluded)" if styles else library.why_empty()
        raise SpecError(f"catalog {root} has no style to use{left}", f"put artworks ({listed()}) into it.")
    return sorted(kept, key=lambda style: style.name)


def style_digest(pairs: Sequence[tuple[str, float]], regions: Sequence[tuple[str, int]] = ()) -> str:
    """SHA-256 over a style's ordered (artwork sha256, weight) pairs, and, if it has any, its regions: how many of the
    artworks each colour has.
    """
    shown: list[Any] = [[sha, float(weight)] for sha, weight in pairs]
    shown += [[list(region) for region in regions]] if regions else []
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def _described(root: Path) -> list[Style]:
    path = root / CATALOG_FILE
    if not path.is_file():
        return []
    with as_spec_error(str(path)):
        parsed = CatalogFile.model_validate(toml_values(path, "catalog", "put it back, or run again without it."))
    return [_checked(name, entry, path) for name, entry in parsed.styles.items()]


def _checked(name: str, entry: Entry, path: Path) -> Style:
    if [bool(entry.file), bool(entry.artworks), bool(entry.regions)].count(True) != 1:
        raise SpecError(f"{path}: style {name!r} needs either `file`, `artworks` or `regions`.")
    with as_spec_error(f"{path}: style {name!r}"):
        for artwork in entry.pictures():
            _inside(artwork.file, name, path)
        overrides = entry.recipe.model_dump(exclude_none=True)  # type: ignore[attr-defined]
        if named := {field: _inside(file, name, path) for field, file in files_of(overrides).items()}:
            overrides |= named
            entry = entry.model_copy(update={"recipe": RecipeOverrides.model_validate(overrides)})
        check_overrides(overrides)
    return Style(name=name, entry=entry)


def _as_on_disk(style: Style, assets: Sequence[Asset]) -> Style:
    """The style with the names of its artworks composed as the disk has them."""
    there = {composed(asset.file): asset.file for asset in assets}
    files = {each.file: there.get(composed(os.path.normpath(each.file))) for each in style.artworks}
    if all(found in (None, file) for file, found in files.items()):
        return style
    pictures = tuple(each.model_copy(update={"file": files[each.file] or each.file}) for each in style.entry.pictures())
    return style.model_copy(update={"entry": style.entry.model_copy(update={"file": "", "artworks": pictures})})


def _with_regions(styles: Sequence[Style], path: Path) -> list[Style]:
    """The styles, those of regions with the artworks of the styles that they name. Raises SpecError."""
    by_name = {style.name: style for style in styles}
    return [_of_regions(style, by_name, path) if style.entry.regions else style for style in styles]


def _of_regions(style: Style, by_name: dict[str, Style], path: Path) -> Style:
    regions, problem = [], None
    for colour, name in style.entry.regions.items():
        other = by_name.get(name)
        if name == KEEP:
            regions.append(StyleRegion(colour=colour))
        elif other is None or other.entry.regions:
            fault = "is not in the catalog" if other is None else "has regions itself"
            there = truncated(", ".join(sorted(name for name, each in by_name.items() if not each.entry.regions)))
            raise SpecError(
                f"{path}: style {style.name!r}: {colour} is to be {truncated(repr(name))}, which {fault}",
                f"name `{KEEP}`, or one of {printable(there)}.",
            )
        else:
            regions.append(StyleRegion(colour=colour, artworks=_shares(other.artworks)))
            problem = problem or other.problem
    if not any(region.artworks for region in regions):
        raise SpecError(f"{path}: style {style.name!r} keeps every region", "give one of them a style.")
    return style.model_copy(update={"regions": tuple(regions), "problem": problem})


def _shares(artworks: Sequence[Artwork]) -> tuple[Artwork, ...]:
    """The artworks with weights that sum to 1."""
    total = sum(artwork.weight for artwork in artworks)
    return tuple(artwork.model_copy(update={"weight": artwork.weight / total}) for artwork in artworks)


def _inside(file: str, style: str, path: Path) -> str:
    """Where a file that catalog.toml names lies, links followed. Raises SpecError if that is not in the catalog: a
    catalog may come from a stranger.
    """
    root = os.path.realpath(path.parent)
    found = os.path.realpath(os.path.join(root, file)) if "\0" not in file else ""
    if not found.startswith(os.path.join(root, "")):
        raise SpecError(
            f"{path}: style {style!r}: {truncated(repr(file))} leaves the catalog folder", "put a copy inside."
        )
    return found


def _plain_style(asset: Asset, name: str) -> Style:
    problem, file = asset.problem, asset.file
    if file != os.fsencode(file).decode(errors="replace"):
        problem = f"{asset.name} has a name that is not UTF-8; rename the artwork."
    elif "\\" in file or file[1:2] == ":":
        problem = f"{asset.name} has a name that leads elsewhere on Windows; rename the artwork."
    if problem:
        file = asset.name.replace(":", "%3A")  # it is not read; a name that may stand here takes its place
    return Style(name=name, entry=Entry(artworks=(Artwork(file=file),)), problem=problem)
