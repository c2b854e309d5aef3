"""Check of the database of Prefect's own server: one of another Prefect version would keep the server from starting.

Prefect itself tries for minutes, and then says that its server did not answer.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from core.errors import NocturneError
from flows.prefect_server.home import DATABASE, prefect_home

MIGRATIONS = "server/database/_migrations/versions/sqlite"
ELSEWHERE = ("PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_SERVER_DATABASE_CONNECTION_URL")


def check_database() -> None:
    """Raises NocturneError if the database in Prefect's home was made by a version of Prefect that knows more."""
    if any(os.environ.get(name) for name in ELSEWHERE):
        return
    database = prefect_home() / DATABASE
    revision = _revision(database)
    if revision is not None and not _known(revision):
        raise NocturneError(
            f"Prefect's database {database} was made by another version of Prefect (revision {revision}), with "
            "which the one installed here cannot start. Set PREFECT_HOME to another folder, or move the file away: it holds "
            "the dashboard's history, and nothing of Nocturne's runs."
        )


def _revision(path: Path) -> str | None:
    """The version of the database's tables; None if there is none, or it cannot be told."""
    if not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as database:
            row = database.execute("select version_num from alembic_version").fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else str(row[0])


def _known(revision: str) -> bool:
    """Whether Prefect, as installed, knows this version; also if it cannot be told."""
    spec = find_spec("prefect")
    folder = Path(next(iter(spec.submodule_search_locations or ()), "")) / MIGRATIONS if spec else Path()
    found = list(folder.glob(f"*_{revision}_*.py"))
    return bool(found) or not any(folder.glob("*.py"))
