"""Time zone of this machine, and whether a zone's rules are known."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

LOCALTIME = Path("/etc/localtime")
NAME_FILE = Path("/etc/timezone")


def system_zone() -> str | None:
    """The zone's name: from `$TZ`, else from the system's own files. None if it has no name there."""
    named = os.environ.get("TZ")
    if named is not None:
        return named.removeprefix(":") or "UTC"
    _, mark, name = os.path.realpath(LOCALTIME).partition("zoneinfo/")
    if mark:
        return name
    try:
        return NAME_FILE.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None if LOCALTIME.exists() else "UTC"


def is_known(zone: str) -> bool:
    """Whether this machine has the rules of a zone such as `Europe/Berlin`."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown; not a name; a folder of zones
        return False
    return True
