"""Base class of specs: from plain values or TOML, relative paths made absolute, checked against the allowed roots, to TOML.

Neither torch nor Prefect is imported: the command line stays quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError

from core.config.spec_fields import absolute, expanded, is_path
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


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a spec file as they stand there. Raises SpecError naming the file."""
    return toml_values(path, "spec", "`nocturne init DIR` writes an example.")


def placed(values: dict[str, Any], folder: Path, spec: type[BaseSpec]) -> dict[str, Any]:
    """Plain values of a spec with every relative path taken from `folder`, and that of `out` where they do not name it. An
    empty path stays empty: it is refused, and is not `folder`.
    """
    out = spec.model_fields["out"].get_default()
    found = {**({"out": str(_default_out(values, folder, out, spec))} if isinstance(out, Path) else {}), **values}
    for name in spec.path_fields:
        value = found.get(name)
        if isinstance(value, str) and is_path(name, value):
            found[name] = _placed(folder, value)
        elif isinstance(value, list):
            found[name] = [_placed(folder, each) if isinstance(each, str) else each for each in value]
    return found


def _default_out(values: dict[str, Any], folder: Path, default: Path, spec: type[BaseSpec]) -> Path:
    """The run folder of a spec file that names none: beside the file, unless a run of the same inputs was begun in the
    current folder, where earlier versions put it, and none beside the file.
    """
    beside, earlier = folder / default, Path.cwd() / default
    named = {name: each for name in spec.path_fields if isinstance(each := values.get(name), str)}
    wanted = {name: str(absolute(folder, Path(expanded(each)))) for name, each in named.items() if is_path(name, each)}
    begun = {} if beside.exists() else _begun(earlier)
    return earlier if wanted and wanted.items() <= begun.items() else beside


def _begun(run: Path) -> dict[str, Any]:
    """The texts in the spec that a run was begun by; empty where none can be read."""
    for name in ("spec.toml", "train.toml"):
        with suppress(SpecError):
            return {key: value for key, value in toml_values(run / name).items() if isinstance(value, str)}
    return {}


def _placed(folder: Path, path: str) -> str:
    return str(folder / expanded(path)) if path.strip() else path


@contextmanager
def as_spec_error(source: str, command: str = "run") -> Iterator[None]:
    """Raise a ValidationError of the block as a SpecError that names `source`; `command` is the one that knows the keys."""
    try:
        yield
    except ValidationError as error:
        what, _, remedy = _first_fault(error, source, command).partition("; ")
        raise SpecError(what, remedy) from error


def _first_fault(error: ValidationError, source: str, command: str) -> str:
    """The first fault of a validation in one sentence that names source, field and value; `command` knows the keys.

    Wrong keys come before missing ones, of which they may be the reason.
    """
    first = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    field = truncated(printable(".".join(str(part) for part in first["loc"]))) or "value"
    if first["type"] == "extra_forbidden":
        missing = [str(fault["loc"][-1]) for fault in error.errors() if fault["type"] == "missing"]
        near = get_close_matches(str(first["loc"][-1]), missing, 1)
        meant = f" (is `{near[0]}` meant?)" if near else ""
        return f"{source}: unknown key `{field}`{meant}; see `nocturne {command} --help` for those there are."
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
