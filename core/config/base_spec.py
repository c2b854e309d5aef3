"""Base class of specs: from plain values or TOML, relative paths made absolute, checked against the allowed roots, to TOML.

Neither torch nor Prefect is imported: the command line stays quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError

from core.config.spec_fields import absolute, is_path
from core.errors import SpecError
from core.safe_text import printable, truncated
from core.storage.toml_file import toml_values


class BaseSpec(BaseModel):
    """A frozen spec of a `kind`; its `path_fields` are paths, texts that may be one (`is_path`), or lists of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str]
    path_fields: ClassVar[tuple[str, ...]]

    @classmethod
    def command(cls) -> str:
        """The command whose `--help` lists the spec's keys."""
        return cls.kind

    @classmethod
    def from_values(cls, values: dict[str, Any], source: str) -> Self:
        """A spec from plain values, relative paths taken from the current folder. Raises SpecError naming `source`."""
        with as_spec_error(source, cls.command()):
            return cls.model_validate(values).rooted(Path.cwd())

    def is_path(self, name: str, value: Path | str) -> bool:
        """Whether a value of a path field is a path, and not the name of something that is packaged."""
        return is_path(name, value)

    def paths(self) -> Iterator[tuple[str, Path]]:
        """Every path that the spec names, by field."""
        for name in self.path_fields:
            value = getattr(self, name)
            for each in value if isinstance(value, list) else [value]:
                if each is not None and self.is_path(name, each):
                    yield name, Path(each)

    def rooted(self, folder: Path) -> Self:
        """The same spec with every relative path taken from `folder`."""
        update: dict[str, Any] = {}
        for name in self.path_fields:
            value = getattr(self, name)
            if isinstance(value, list):
                update[name] = [absolute(folder, path) for path in value]
            elif value is not None and self.is_path(name, value):
                update[name] = type(value)(absolute(folder, Path(value)))
        return self.model_copy(update=update)

    def toml(self) -> str:
        """The spec as TOML; what is empty is left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    @property
    def max_pixels(self) -> int:
        """The limit of `max_megapixels`, in pixels, of a spec that has one."""
        return int(self.max_megapixels * 1e6)  # type: ignore[attr-defined]

    @property
    def recipe_changes(self) -> dict[str, Any]:
        """The recipe fields that are set, of a spec that changes a recipe."""
        return self.recipe.model_dump(exclude_none=True)  # type: ignore[attr-defined, no-any-return]


def read_toml(path: Path, path_fields: Iterable[str]) -> dict[str, Any]:
    """The values of a spec file, its relative paths taken from the file's folder. Raises SpecError naming the file."""
    try:
        values = toml_values(path)
    except FileNotFoundError as error:
        raise SpecError(f"spec {path} does not exist", "`nocturne init DIR` writes an example.") from error
    return placed(values, path.absolute().parent, path_fields)


def placed(values: dict[str, Any], folder: Path, path_fields: Iterable[str]) -> dict[str, Any]:
    """Plain values of a spec with every relative path taken from `folder`."""
    found = dict(values)
    for name in path_fields:
        value = values.get(name)
        if isinstance(value, str) and is_path(name, value):
            found[name] = str(folder / value)
        elif isinstance(value, list):
            found[name] = [str(folder / each) if isinstance(each, str) else each for each in value]
    return found


@contextmanager
def as_spec_error(source: str, command: str = "run") -> Iterator[None]:
    """Raise a ValidationError of the block as a SpecError that names `source`; `command` is the one that knows the keys."""
    try:
        yield
    except ValidationError as error:
        what, _, remedy = _first_fault(error, source, command).partition("; ")
        raise SpecError(what, remedy) from error


def _first_fault(error: ValidationError, source: str, command: str) -> str:
    """The first fault of a validation in one sentence that names source, field and value; `command` knows the keys."""
    first = error.errors()[0]
    field = truncated(printable(".".join(str(part) for part in first["loc"]))) or "value"
    if first["type"] == "extra_forbidden":
        return f"{source}: unknown key `{field}`; see `nocturne {command} --help` for those there are."
    if first["type"] == "missing":
        return f"{source}: `{field}` is missing."
    value = "" if isinstance(first["input"], dict) else f" (={truncated(_shown(first['input']))})"
    reason = printable(first["msg"].removeprefix("Value error, "))
    return f"{source}: `{field}`{value}: {truncated(reason[:1].lower() + reason[1:], 500)}."


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, lists in lists in lists
        return f"a {type(value).__name__}"
