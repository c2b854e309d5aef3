"""What a kind of survey is: its columns, and who looks at the pictures."""

from __future__ import annotations

import hashlib
import importlib
import json
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from core.images.image import Picture
from core.manifest.schema import Column

COMMON: tuple[Column, ...] = (
    Column("asset", pa.string(), "Path of the picture below the folder; the row's identity."),
    Column("asset_sha256", pa.string(), "SHA-256 of the picture's bytes; null where they cannot be read."),
    Column("status", pa.string(), "`done`, or `failed`."),
    Column("reason", pa.string(), "Why not, in one word, as in a run's manifest; null when done."),
    Column("message", pa.string(), "Why not, in a sentence that names the file and a remedy."),
    Column("width", pa.int32(), "Width of the picture, pixels."),
    Column("height", pa.int32(), "Height of the picture, pixels."),
)
LAST: tuple[Column, ...] = (
    Column("seconds", pa.float32(), "Time to read the picture and look at it, seconds."),
    Column("look", pa.string(), "Hash of how it was looked at: rows of another look are made again."),
)
TIMES = frozenset({"seconds"})
"""Columns that may differ between two undisturbed surveys of one folder."""


@dataclass(frozen=True)
class Looked:
    """What a look at one picture gives: values of the kind's columns, and files by their names in the survey's folder."""

    values: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)


class Looker(Protocol):
    """Looks at pictures in a process of its own. It is made from the survey's options, plain JSON values."""

    def look(self, picture: Picture, name: str) -> Looked:
        """What is seen of the picture called `name`: a function of its pixels and the options alone. Raises JobError."""


@dataclass(frozen=True)
class Kind:
    """A kind of survey. `looker` names a class, `module:Class`; `version` is raised when it sees something else."""

    name: str
    version: int
    looker: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """The table's columns: those of every survey around those of this kind."""
        every = (*COMMON, *self.columns, *LAST)
        return pa.schema([pa.field(each.name, each.type, metadata={"meaning": each.meaning}) for each in every])

    def look(self, options: dict[str, Any]) -> str:
        """The hash of how pictures are looked at."""
        told = json.dumps([self.name, self.version, options], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:12]


def loaded(looker: str, options: dict[str, Any]) -> Looker:
    """The looker called `module:Class`, made from options."""
    module, _, name = looker.partition(":")
    made: Looker = getattr(importlib.import_module(module), name)(**options)
    return made
