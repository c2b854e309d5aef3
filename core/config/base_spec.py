"""What specs have in common that name places on the disk: they are read from plain values, rooted, and written as TOML.

Neither torch nor Prefect is imported: the command line stays quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError

from core.config.spec import sentence
from core.config.spec_fields import absolute
from core.errors import SpecError


class PlacedSpec(BaseModel):
    """A frozen spec of a `kind`, whose `path_fields` are paths or lists of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str]
    path_fields: ClassVar[tuple[str, ...]]

    def is_path(self, name: str, path: Path) -> bool:  # noqa: ARG002
        """Whether what a field names lies on the disk."""
        return True

    def paths(self) -> Iterator[tuple[str, Path]]:
        """Every path that the spec names, by field."""
        for name in self.path_fields:
            value = getattr(self, name)
            for path in value if isinstance(value, list) else [value]:
                if path is not None and self.is_path(name, path):
                    yield name, path

    def rooted(self, folder: Path) -> Self:
        """The same spec with every relative path taken from `folder`."""
        update: dict[str, Any] = {}
        for name in self.path_fields:
            value = getattr(self, name)
            if isinstance(value, list):
                update[name] = [absolute(folder, path) for path in value]
            elif value is not None and self.is_path(name, value):
                update[name] = absolute(folder, value)
        return self.model_copy(update=update)

    def toml(self) -> str:
        """The spec as TOML; what is empty is left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def of(cls, values: dict[str, Any], source: str) -> Self:
        """A spec from plain values, relative paths taken from the current folder. Raises SpecError naming `source`."""
        try:
            return cls.model_validate(values).rooted(Path.cwd())
        except ValidationError as error:
            raise SpecError(sentence(error, source, cls.kind)) from error
