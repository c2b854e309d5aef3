"""SQLite table of the digest cache: hash, size in pixels and decoding rules of files, by path, length and times."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

FILE = "digests.sqlite"
LOCK_WAIT = 2.0
"""Seconds that a database held by another process is waited for: what is silent for longer is taken to hang."""
LONGEST_WAIT = 30.0
"""Seconds that rows wait at most to be written while another process writes its own."""

Stat = tuple[int, int, int]
"""Length in bytes, and times of the last change of the content and of the file, in nanoseconds. The second changes also
when a copying tool puts back the first.
"""
FileRow = tuple[str, int, int, str]
"""SHA-256, width, height, and mark of the rules that decide its pixels."""

_SAME = "path = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?"
_COLUMNS = "path, size, mtime_ns, ctime_ns, sha256, width, height, rules, revision"


def open_database(folder: Path | None) -> sqlite3.Connection:
    """The database in `folder`, made if need be; one in memory without a folder.

    Raises sqlite3.Error where none can be opened; see `is_locked`.
    """
    if folder is None:
        return _with_table(sqlite3.connect(":memory:"))
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return _with_table(sqlite3.connect(folder / FILE, timeout=LOCK_WAIT))


def is_locked(error: sqlite3.Error) -> bool:
    """Whether another process holds the database."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)  # errors of Python's own module have none
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def discard(folder: Path | None) -> None:
    """Delete a cache that is no database any more."""
    for file in folder.glob(f"{FILE}*") if folder else ():
        with contextlib.suppress(OSError):
            file.unlink()


def _with_table(db: sqlite3.Connection) -> sqlite3.Connection:
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(
            "CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, "
            "sha256 TEXT, width INTEGER, height INTEGER, tried INTEGER DEFAULT 0, rules INTEGER, "
            "revision TEXT) WITHOUT ROWID"
        )
        columns = {name for _, name, *_ in db.execute("PRAGMA table_info(files)")}
        for name, kind in (("rules", "INTEGER"), ("revision", "TEXT")):  # caches of earlier versions lack them
            if name not in columns:
                with contextlib.suppress(sqlite3.OperationalError):  # another process was quicker
                    db.execute(f"ALTER TABLE files ADD COLUMN {name} {kind}")
    except BaseException:
        db.close()
        raise
    return db


def stat_of(path: str) -> Stat:
    """A file's length and times; negative ones if it cannot be asked."""
    try:
        info = os.stat(path)
    except OSError:
        return (-1, -1, -1)
    # SQLite has 64 bits, and a volume may give times of other centuries.
    return (info.st_size, info.st_mtime_ns % 2**63, info.st_ctime_ns % 2**63)


def known_rows(db: sqlite3.Connection, paths: Sequence[str], stats: Sequence[Stat], rules: int) -> list[FileRow | None]:
    """What is remembered of each file by these rules of decoding."""
    query = f"SELECT sha256, width, height, revision FROM files WHERE {_SAME} AND rules = ?"
    return [
        db.execute(query, (os.fsencode(path), *stat, rules)).fetchone() for path, stat in zip(paths, stats, strict=True)
    ]


def known_hashes(db: sqlite3.Connection, paths: Sequence[str], stats: Sequence[Stat]) -> list[str | None]:
    """The SHA-256 of each file, by whatever rules its header was read."""
    query = f"SELECT sha256 FROM files WHERE {_SAME}"
    found = (db.execute(query, (os.fsencode(path), *stat)).fetchone() for path, stat in zip(paths, stats, strict=True))
    return [row[0] if row else None for row in found]


def known_tried(db: sqlite3.Connection, paths: Sequence[str], stats: Sequence[Stat]) -> list[bool]:
    """Whether each file has been decoded whole."""
    query = f"SELECT tried FROM files WHERE {_SAME}"
    found = (db.execute(query, (os.fsencode(path), *stat)).fetchone() for path, stat in zip(paths, stats, strict=True))
    return [bool(row and row[0]) for row in found]


def put_rows(db: sqlite3.Connection, rows: Iterable[tuple[str, Stat, FileRow]], rules: int, seconds: float) -> None:
    """Remember files. `seconds`: what measuring them by these rules took; a lock is waited for no longer, and LONGEST_WAIT
    at most.

    Raises sqlite3.Error; then none is remembered.
    """
    values = [
        (os.fsencode(path), *stat, sha256, width, height, rules, revision)
        for path, stat, (sha256, width, height, revision) in rows
    ]
    if not values:  # no lock is needed
        return
    db.execute(f"PRAGMA busy_timeout = {1000 * min(max(seconds, LOCK_WAIT), LONGEST_WAIT):.0f}")
    with db:
        db.executemany(f"INSERT OR REPLACE INTO files ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def put_tried(db: sqlite3.Connection, rows: Sequence[tuple[str, Stat]]) -> None:
    """Remember that files were decoded whole. Raises sqlite3.Error."""
    if rows:
        with db:
            db.executemany(
                f"UPDATE files SET tried = 1 WHERE {_SAME}", [(os.fsencode(path), *stat) for path, stat in rows]
            )
