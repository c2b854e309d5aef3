"""Example project of `nocturne init`: a commented spec and catalog, written from the models themselves."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.config.presets import DEFAULT_PRESET, PRESETS
from core.config.recipe import Recipe
from core.config.spec import Spec
from core.errors import SpecError
from core.storage.store import Store

SPEC_NAME = "tonight.toml"
START = {"library": "library", "catalog": "catalog", "out": "runs/tonight"}

CATALOG = """\
# Every picture in this folder is a style, called as its file. Name a style here to say more about it.

# [styles.starry_night]
# file = "starry_night.jpg"          # or: artworks = [{ file = "a.jpg", weight = 2.0 }, { file = "b.jpg" }]
# title = "The Starry Night"
# artist = "Vincent van Gogh"
# year = "1889"
# licence = "public domain"
# credit = "Museum of Modern Art"
# [styles.starry_night.recipe]       # recipe fields that this style changes
# style_weight = 2e6

# With `regions` in the spec, a folder of maps: each colour of a map gets another style, or stays as the asset has it.
# [styles.dusk]
# regions = { "#0000ff" = "starry_night", "#000000" = "keep" }
"""


def example_spec(start: dict[str, str] | None = None) -> str:
    """A spec file with every parameter, its meaning and its default; those in `start` are set, the others commented."""
    start = START if start is None else start
    lines = [
        "# A Nocturne spec. Start it with `nocturne run tonight.toml`; flags override what stands here.",
        "",
    ]
    for name, field in Spec.model_fields.items():
        if name != "recipe":
            lines += _entry(name, field, start.get(name), _default(field))
    preset = PRESETS[DEFAULT_PRESET]
    lines += [
        "# Recipe fields to change in the preset; the values shown are those of the default preset.",
        "[recipe]",
        "",
    ]
    for name, field in Recipe.model_fields.items():
        lines += _entry(name, field, None, getattr(preset, name))
    return "\n".join(lines).rstrip() + "\n"


def init(folder: Path) -> list[Path]:
    """Write an example spec, an empty library and a catalog into `folder`. Raises SpecError rather than overwrite."""
    store = Store(folder)
    files = {SPEC_NAME: example_spec(), "catalog/catalog.toml": CATALOG}
    for name in files:
        if store.exists(name):
            raise SpecError(f"{store.path(name)} exists already", "give another folder.")
    for name, text in files.items():
        store.put(name, text.encode())
    store.path("library").mkdir(exist_ok=True)
    return [store.path(name) for name in (*files, "library")]


def _entry(name: str, field: FieldInfo, value: str | None, default: Any) -> list[str]:
    comment = textwrap.wrap(field.description or "", 110, initial_indent="# ", subsequent_indent="# ")
    if value is not None:
        return [*comment, f"{name} = {_toml(value)}", ""]
    return [*comment, f"# {name} = {_toml(default)}" if default is not None else f"# {name} =", ""]


def _default(field: FieldInfo) -> Any:
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    return str(default) if isinstance(default, Path) else default


def _toml(value: Any) -> str:
    if isinstance(value, BaseModel):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value) + " }"
    plain = list(value) if isinstance(value, tuple) else value
    return (
        tomli_w.dumps({"x": plain}, indent=0)
        .removeprefix("x = ")
        .strip()
        .replace("\n", " ")
        .replace("[ ", "[")
        .replace(", ]", "]")
    )
