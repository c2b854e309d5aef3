"""Annotation of one picture: what an annotator is, what it returns, and how a worker process loads one by name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.images.image import Picture


@dataclass(frozen=True)
class Annotation:
    """Values of the kind's columns for one picture, and files by their names in the survey's folder."""

    values: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)


class Annotator(Protocol):
    """Annotates pictures in a process of its own. It is made from the survey's options, plain JSON values."""

    def annotate(self, picture: Picture, name: str) -> Annotation:
        """Values and files of the picture called `name`: a function of its pixels and the options alone. Raises JobError."""


def load_annotator(path: str, options: dict[str, Any]) -> Annotator:
    """The annotator called `module:Class`, made from options."""
    module, _, name = path.partition(":")
    annotator: Annotator = getattr(importlib.import_module(module), name)(**options)
    return annotator
