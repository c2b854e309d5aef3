"""Prefect's home: where it is, and one in the run's folder where Prefect could not write into it."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import NocturneError
from core.storage.cache_dir import NOWHERE
from core.storage.user_folders import FALLBACK, has_home, write_fault

DATABASE = "prefect.db"


def prefect_home() -> Path:
    """Prefect's home: `$PREFECT_HOME`, else a folder in the user's."""
    if named := os.environ.get("PREFECT_HOME"):
        return Path(named).expanduser() if has_home() else Path(named)
    return Path.home() / ".prefect" if has_home() else NOWHERE


def home_fault() -> NocturneError | None:
    """Why Prefect could not keep its files in its home; None if it can."""
    database = prefect_home() / DATABASE
    if fault := write_fault(database.parent):
        return fault
    if database.exists() and not os.access(database, os.W_OK):
        return NocturneError(f"{database} cannot be written to", "correct its owner, or set PREFECT_HOME.")
    return None


def use_writable_home(run: Path) -> str | None:
    """Point Prefect to a home in the run's folder if it could not write into its own. Returns a sentence if so.

    Its settings are still read where they were.
    """
    fault = home_fault()
    if fault is None:
        return None
    profiles, home = prefect_home() / "profiles.toml", run / FALLBACK / "prefect"
    if os.access(profiles, os.R_OK):
        os.environ.setdefault("PREFECT_PROFILES_PATH", str(profiles))
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["PREFECT_HOME"] = str(home)
    return f"Prefect's home cannot be used: {fault.what}; {home} is."
