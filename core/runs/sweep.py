"""Sweeps: the recipes of a grid over one or two parameters."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from core.config.presets import PRESETS
from core.config.recipe import Recipe, files_of
from core.config.spec import Spec
from core.errors import SpecError
from core.safe_text import components_cut, portable, printable, truncated
from core.storage.allowed_roots import check_inside

FILE_FIELDS = frozenset({"format", "depth", "quality", "keep_profile"})
"""Recipe fields that decide the file and not the picture: a sheet would show no difference."""

PARAMETERS: dict[str, FieldInfo] = {
    **{name: Spec.model_fields[name] for name in ("preset", "seed")},
    **{name: field for name, field in Recipe.model_fields.items() if name not in FILE_FIELDS},
}
"""What a sweep can go over."""

MOST_CELLS = 400


@dataclass(frozen=True)
class Axis:
    """One parameter of a sweep and its values, as they were typed."""

    flag: str
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One picture of a sweep: its place on the sheet, and how it is to be painted."""

    row: int
    column: int
    settings: tuple[tuple[str, str], ...]
    recipe: Recipe
    preset: str
    seed: int

    @property
    def name(self) -> str:
        """The settings as a file name without suffix: `style_weight=50_size=256`."""
        return components_cut(
            portable("_".join(f"{name}={value}" for name, value in self.settings)).replace("/", "%2F")
        )


def parse_axis(flag: str, text: str) -> Axis:
    """The axis that `NAME=VALUE,VALUE ...` asks for; layers in a value are separated by spaces.

    Raises SpecError for a name that is no parameter. Whether it may have the values is seen by `cells`.
    """
    name, equals, values = text.partition("=")
    name = name.strip().replace("-", "_")
    if name not in PARAMETERS:
        there = ", ".join(PARAMETERS)
        raise SpecError(f"{flag}: there is no parameter {truncated(repr(name))}", f"there are {there}.")
    split = tuple(value.strip() for value in values.split(","))
    if not equals or "" in split:
        raise SpecError(f"{flag}: give values after the name, such as {name}=A,B,C", f"{_may_be(name)}.")
    if len(set(split)) < len(split):
        raise SpecError(f"{flag}: {name} has one of its values twice", "leave it out.")
    return Axis(flag, name, split)


def cells(spec: Spec, x: Axis | None, y: Axis | None) -> list[Cell]:
    """The cells of a sheet, row by row, `x` from left to right and `y` from top to bottom.

    What no axis sets is as the spec says. Raises SpecError for values that do not go together, and for a file outside the
    allowed roots.
    """
    axes = [axis for axis in (x, y) if axis is not None]
    given = spec.recipe.model_dump(exclude_none=True)  # type: ignore[attr-defined]
    set_too = given.keys() | spec.model_fields_set
    if not axes:
        raise SpecError("a sweep needs --x NAME=VALUE,VALUE, and may have --y.")
    if len({axis.name for axis in axes}) < len(axes):
        raise SpecError(f"--x and --y both go over {axes[0].name}", "take another parameter for one of them.")
    for axis in axes:
        if axis.name in set_too:
            raise SpecError(f"{axis.flag} goes over {axis.name}, which a flag sets too", "leave one of them out.")
    across, down = (axis.values if axis else ("",) for axis in (x, y))
    if len(across) * len(down) > MOST_CELLS:
        raise SpecError(
            f"{len(across)} x {len(down)} cells are over the {MOST_CELLS} that a sheet may have", "take fewer."
        )
    return [
        _cell(spec, given, row, column, [(axis, value) for axis, value in ((x, left), (y, top)) if axis is not None])
        for row, top in enumerate(down)
        for column, left in enumerate(across)
    ]


def _cell(spec: Spec, given: dict[str, Any], row: int, column: int, settings: Sequence[tuple[Axis, str]]) -> Cell:
    named = {axis.name: value for axis, value in settings}
    for axis, value in settings:
        if axis.name not in Recipe.model_fields:
            _check_spec_field(axis, value)
    changes: dict[str, Any] = {name: tuple(value.split()) if _is_list(name) else value for name, value in named.items()}
    preset, seed = changes.pop("preset", spec.start), changes.pop("seed", spec.seed)
    try:
        recipe = PRESETS[preset].changed({**given, **changes})
    except ValidationError as error:
        raise SpecError(_told(error, settings)) from error
    check_inside((name, Path(file)) for name, file in files_of(recipe.model_dump()).items())
    return Cell(row, column, tuple(named.items()), recipe, preset, int(seed))


def _check_spec_field(axis: Axis, value: str) -> None:
    field = PARAMETERS[axis.name]
    kind: Any = Annotated[field.annotation, field]
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise SpecError(_told(error, [(axis, value)])) from error


def _told(error: ValidationError, settings: Sequence[tuple[Axis, str]]) -> str:
    """What is wrong with the settings, in a sentence that says what there is instead."""
    fault = error.errors()[0]
    name = fault["loc"][0] if fault["loc"] else None
    guilty = [setting for setting in settings if setting[0].name == name] or settings
    where = ", ".join(f"{axis.flag} {axis.name}={truncated(printable(value))}" for axis, value in guilty)
    if fault["type"] == "value_error" or len(guilty) > 1:  # the recipe itself says what there is
        return f"{where}: {printable(fault['msg'].removeprefix('Value error, '))}."
    return f"{where}: {_may_be(guilty[0][0].name)}."


def _is_list(name: str) -> bool:
    return get_origin(_plain(PARAMETERS[name].annotation)) is tuple


def _may_be(name: str) -> str:
    """What a parameter may be, in words."""
    field = PARAMETERS[name]
    kind = _plain(field.annotation)
    if get_origin(kind) is Literal:
        return f"{name} may be {', '.join(map(str, get_args(kind)))}"
    if kind in (int, float):
        return f"{name} may be a {'whole ' if kind is int else ''}number{_bounds(field)}"
    return f"{name}: {(field.description or '').rstrip('.')}"


def _bounds(field: FieldInfo) -> str:
    words = {"ge": "from", "gt": "over", "le": "to", "lt": "and under"}
    found = [
        f" {word} {getattr(limit, bound):,}"
        for bound, word in words.items()
        for limit in field.metadata
        if getattr(limit, bound, None) is not None
    ]
    return "".join(found)


def _plain(annotation: Any) -> Any:
    """An annotation without its None."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(kind for kind in get_args(annotation) if kind is not type(None))
    return annotation
