"""What a picture file is: its SHA-256 and size in pixels, remembered by path, length and time of change."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path

from core import image
from core.cache import cache_folder
from core.errors import JobError, Missing, Unreadable

THREADS = 4
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Measured:
    """A file as the plan sees it. `reason` and `message` say why it cannot be used; then the rest may be empty."""

    sha256: str = ""
    width: int = 0
    height: int = 0
    reason: str | None = None
    message: str | None = None


class Digests:
    """A cache of measured files in the user's cache folder; without a writable one it still measures.

    Failures are not remembered, since a permission can change without the file changing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or cache_folder()
        self.computed = 0

    def measure(
        self, paths: Sequence[str], max_pixels: int, tick: Callable[[int, int], None] | None = None
    ) -> list[Measured]:
        """Measure files, in order. `tick(done, total)` is called now and then while new ones are read."""
        with self._connection() as db:
            stats = [_stat(path) for path in paths]
            known = _known(db, paths, stats)
            unknown = [i for i, found in enumerate(known) if found is None]
            fresh = self._fresh([paths[i] for i in unknown], tick)
            for i, measured in zip(unknown, fresh, strict=True):
                known[i] = measured
            _remember(db, [(paths[i], stats[i], known[i]) for i in unknown])
        return [_limited(path, found or Measured(), max_pixels) for path, found in zip(paths, known, strict=True)]

    def _fresh(self, paths: Sequence[str], tick: Callable[[int, int], None] | None) -> Iterator[Measured]:
        with ThreadPoolExecutor(THREADS) as pool:
            for done, measured in enumerate(pool.map(_measure, paths), start=1):
                self.computed += 1
                if tick is not None and (done % 50 == 0 or done == len(paths)):
                    tick(done, len(paths))
                yield measured

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = _open(self._folder)
        try:
            yield db
        finally:
            db.close()


def sha256_of(path: str) -> str:
    """SHA-256 of a file's bytes. Raises Missing or Unreadable."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except FileNotFoundError as error:
        raise Missing(f"{path} is gone; put it back or run again without it.") from error
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    return digest.hexdigest()


def _measure(path: str) -> Measured:
    try:
        size = image.probe(path, max_pixels=2**62)
        return Measured(sha256_of(path), size.width, size.height)
    except JobError as error:
        return Measured(reason=error.reason, message=str(error))


def _limited(path: str, found: Measured, max_pixels: int) -> Measured:
    if found.reason is None and found.width * found.height > max_pixels:
        try:
            image.probe(path, max_pixels=max_pixels)
        except JobError as error:
            return Measured(found.sha256, found.width, found.height, error.reason, str(error))
    return found


def _open(folder: Path) -> sqlite3.Connection:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(folder / "digests.sqlite", timeout=30)
        _create(db)
    except (OSError, sqlite3.Error):
        db = sqlite3.connect(":memory:")
        _create(db)
    return db


def _create(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode=WAL")
    db.execute(
        "CREATE TABLE IF NOT EXISTS digests (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER,"
        " sha256 TEXT, width INTEGER, height INTEGER) WITHOUT ROWID"
    )


def _stat(path: str) -> tuple[int, int]:
    try:
        info = os.stat(path)
    except OSError:
        return (-1, -1)
    return (info.st_size, info.st_mtime_ns)


def _known(db: sqlite3.Connection, paths: Sequence[str], stats: Sequence[tuple[int, int]]) -> list[Measured | None]:
    query = "SELECT sha256, width, height FROM digests WHERE path = ? AND size = ? AND mtime_ns = ?"
    found = (db.execute(query, (os.fsencode(path), *stat)).fetchone() for path, stat in zip(paths, stats, strict=True))
    return [Measured(*row) if row else None for row in found]


def _remember(db: sqlite3.Connection, rows: Sequence[tuple[str, tuple[int, int], Measured | None]]) -> None:
    good = [
        (os.fsencode(path), *stat, *astuple(measured)[:3])
        for path, stat, measured in rows
        if measured is not None and measured.reason is None and _stat(path) == stat
    ]
    with contextlib.suppress(sqlite3.Error), db:
        db.executemany("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?)", good)
