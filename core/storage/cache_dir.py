"""Cache folder of the user: digests of files, the machine's measured speed, device locks. All of it may be deleted."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """The cache folder: `$NOCTURNE_CACHE`, else the user's own. It may not exist yet, or not be writable."""
    named = os.environ.get("NOCTURNE_CACHE")
    return Path(named) if named else user_cache_path("nocturne")
