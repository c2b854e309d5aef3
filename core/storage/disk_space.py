"""Free disk space, and the check that a night's output will fit."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.errors import SpecError


def free_bytes(folder: Path) -> int:
    """Free bytes on the disk that holds `folder`, or will hold it once it is made."""
    existing = folder.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    return shutil.disk_usage(existing).free


def check_free_space(needed: float, spare: float, folder: Path) -> None:
    """Raises SpecError if writing `needed` bytes into `folder` would leave less than `spare` bytes free."""
    free = free_bytes(folder)
    if needed and needed + spare > free:
        raise SpecError(
            f"out {folder} has {_size(free)} of free disk, and the night would write about {_size(needed)} and leave "
            f"{_size(spare)}",
            "free some, choose another --out, or lower --size, --limit or --spare-disk.",
        )


def _size(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
