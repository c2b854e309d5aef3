"""Cache folder of the user: digests of files, the machine's measured speed, device locks. All of it may be deleted."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

NOWHERE = Path(os.devnull) / "nocturne"
"""The cache of a user without a home: nothing can be written there, so nothing is kept."""


def cache_folder() -> Path:
    """The cache folder: `$NOCTURNE_CACHE`, else the user's own. It may not exist yet, or not be writable."""
    named = os.environ.get("NOCTURNE_CACHE")
    try:
        return Path(named) if named else user_cache_path("nocturne")
    except RuntimeError:
        return NOWHERE
