"""Lookup of files by names of any Unicode composition: a list typed on one system names files that another one wrote."""

from __future__ import annotations

import os
from pathlib import Path

from core.safe_text import composed

LONGEST = 4096
"""Bytes of a path over which no system has a file."""


class CompositionLookup:
    """Finds paths as they are spelt on disk. Each folder is listed once, and only for names that are not there as given."""

    def __init__(self) -> None:
        self._listed: dict[Path, dict[str, str]] = {}

    def find(self, path: Path) -> Path:
        """The absolute `path` as it is spelt on disk, an exact name first; as it is given where nothing is called so."""
        text, missing, found = str(path), list[str](), path
        if text.isascii() or len(os.fsencode(text)) > LONGEST:
            return path
        while not os.path.lexists(found) and found.name:
            missing.append(found.name)
            found = found.parent
        for name in reversed(missing):
            found /= self._names(found).get(composed(name), name)
        return found

    def _names(self, folder: Path) -> dict[str, str]:
        """The names in a folder by their composed form; none if it cannot be listed."""
        if folder not in self._listed:
            try:
                names = sorted(os.listdir(folder), reverse=True)  # of two that differ in composition, the first wins
            except (OSError, ValueError):
                names = []
            self._listed[folder] = {composed(name): name for name in names}
        return self._listed[folder]
