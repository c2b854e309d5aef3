"""Digest cache: SHA-256 and size in pixels of picture files, kept by path, length and times of change."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import JobError, Missing, Unreadable
from core.images import decode_probe, decoding, image
from core.images.open_image import is_out_of_reach, out_of_reach_error
from core.progress import ProgressCallback
from core.storage.bounded_read import open_regular
from core.storage.cache_dir import cache_folder

THREADS = 4
CHUNK = 1 << 20
JUST_WRITTEN = 2.0
"""Seconds after its last change in which a file is not remembered: a clock that ticks as coarsely as some disks' would
not show the next change.
"""

Stat = tuple[int, int, int]
"""Length in bytes, and times of the last change of the content and of the file, in nanoseconds. The second changes also
when a copying tool puts back the first.
"""


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """A file as the plan sees it. `reason` and `message` say why it cannot be used; then the rest may be empty."""

    sha256: str = ""
    width: int = 0
    height: int = 0
    reason: str | None = None
    message: str | None = None
    revision: str = ""
    """Mark of the rules that decide its pixels; see core.images.decoding.revision."""

    @property
    def pixel_digest(self) -> str:
        """What stands for its pixels in keys; empty if the file could not be read."""
        return pixel_digest(self.sha256, self.revision)


def pixel_digest(sha256: str, revision: str) -> str:
    """The digest of a file's pixels, by that of its bytes and the mark of the rules that they are read by.

    Without a mark, as most files are, it is that of the bytes: what was made before the rules changed keeps its key.
    """
    return hashlib.sha256(f"{sha256} {revision}".encode()).hexdigest() if revision else sha256


class DigestCache:
    """A cache of measured files in the user's cache folder; without a writable one it still measures.

    What was measured by other rules of decoding keeps its hash alone: its header is read again. Failures are not
    remembered, since a permission can change without the file changing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder: Path | None = folder or cache_folder()
        self.computed = 0

    def measure(
        self, paths: Sequence[str], max_pixels: int, tick: ProgressCallback | None = None
    ) -> list[MeasuredFile]:
        """Measure files by their headers and bytes, in order. `tick(done, total)` is called now and then while new ones
        are read.
        """
        try:
            return self._measure_all(paths, max_pixels, tick)
        except sqlite3.Error as error:  # damaged, or held by another process all the while: it is a cache
            if not isinstance(error, sqlite3.OperationalError):
                _discard(self._folder)
            self._folder = None
            return self._measure_all(paths, max_pixels, tick)

    def _measure_all(self, paths: Sequence[str], max_pixels: int, tick: ProgressCallback | None) -> list[MeasuredFile]:
        with self._connection() as db:
            stats = [_stat(path) for path in paths]
            known = _load_known(db, paths, stats)
            unknown = [i for i, found in enumerate(known) if found is None]
            hashes = _load_hashes(db, [paths[i] for i in unknown], [stats[i] for i in unknown])
            fresh = self._fresh([paths[i] for i in unknown], hashes, tick)
            for i, measured in zip(unknown, fresh, strict=True):
                known[i] = measured
            _remember(db, [(paths[i], stats[i], known[i]) for i in unknown])
        return [_limited(path, found or MeasuredFile(), max_pixels) for path, found in zip(paths, known, strict=True)]

    def measure_whole(
        self, paths: Sequence[str], max_pixels: int, tick: ProgressCallback | None = None
    ) -> list[MeasuredFile]:
        """Measure files as `measure` does, and decode each whole once, in a process apart (see core.images.decode_probe)."""
        found = self.measure(paths, max_pixels)
        with self._connection() as db:
            stats = [_stat(path) for path in paths]
            tried = _load_tried(db, paths, stats)
            untried = [i for i, measured in enumerate(found) if measured.reason is None and not tried[i]]
            faults = decode_probe.find_faults([paths[i] for i in untried], max_pixels, tick)
            for i, fault in zip(untried, faults, strict=True):
                if fault is not None:
                    found[i] = replace(found[i], reason=fault.reason, message=str(fault))
            _remember_tried(db, [(paths[i], stats[i]) for i in untried if found[i].reason is None])
        return found

    def _fresh(
        self, paths: Sequence[str], hashes: Sequence[str | None], tick: ProgressCallback | None
    ) -> Iterator[MeasuredFile]:
        with ThreadPoolExecutor(THREADS) as pool:
            for done, measured in enumerate(pool.map(_measure, paths, hashes), start=1):
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
        with open_regular(path) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(f"{path} is gone", "put it back or run again without it.") from error
    except OSError as error:
        if is_out_of_reach(error):
            raise out_of_reach_error(path, error) from error
        raise Unreadable(f"{path} cannot be read ({error.strerror})", "check its permissions.") from error
    return digest.hexdigest()


def measure_file(path: str, max_pixels: int, sha256: str | None = None) -> MeasuredFile:
    """Measure one file, whose SHA-256 may be known. Raises JobError if it cannot be used."""
    header = image.read_header(path, max_pixels)
    width, height = header.size
    return MeasuredFile(sha256 or sha256_of(path), width, height, revision=header.revision)


def _measure(path: str, sha256: str | None) -> MeasuredFile:
    try:
        return measure_file(path, 2**62, sha256)
    except JobError as error:
        return MeasuredFile(reason=error.reason, message=str(error))


def _limited(path: str, found: MeasuredFile, max_pixels: int) -> MeasuredFile:
    if found.reason is None and found.width * found.height > max_pixels:
        try:
            image.probe(path, max_pixels=max_pixels)
        except JobError as error:
            return replace(found, reason=error.reason, message=str(error))
    return found


def _discard(folder: Path | None) -> None:
    """Delete a cache that is no database any more."""
    for file in folder.glob("digests.sqlite*") if folder else ():
        with contextlib.suppress(OSError):
            file.unlink()


def _open(folder: Path | None) -> sqlite3.Connection:
    """The database in `folder`; one in memory where there is none, or none can be opened."""
    if folder is not None:
        with contextlib.suppress(OSError, sqlite3.Error):
            folder.mkdir(parents=True, exist_ok=True)
            return _created(sqlite3.connect(folder / "digests.sqlite", timeout=30))
    return _created(sqlite3.connect(":memory:"))


def _created(db: sqlite3.Connection) -> sqlite3.Connection:
    db.execute("PRAGMA journal_mode=WAL")
    db.execute(
        "CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER,"
        " sha256 TEXT, width INTEGER, height INTEGER, tried INTEGER DEFAULT 0, rules INTEGER, revision TEXT) WITHOUT ROWID"
    )
    columns = {name for _, name, *_ in db.execute("PRAGMA table_info(files)")}
    for name, kind in (("rules", "INTEGER"), ("revision", "TEXT")):  # caches of earlier versions lack them
        if name not in columns:
            with contextlib.suppress(sqlite3.OperationalError):  # another process was quicker
                db.execute(f"ALTER TABLE files ADD COLUMN {name} {kind}")
    return db


def _stat(path: str) -> Stat:
    try:
        info = os.stat(path)
    except OSError:
        return (-1, -1, -1)
    # SQLite has 64 bits, and a volume may give times of other centuries.
    return (info.st_size, info.st_mtime_ns % 2**63, info.st_ctime_ns % 2**63)


_SAME = "path = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?"


def _load_known(db: sqlite3.Connection, paths: Sequence[str], stats: Sequence[Stat]) -> list[MeasuredFile | None]:
    query = f"SELECT sha256, width, height, revision FROM files WHERE {_SAME} AND rules = {decoding.RULES}"
    found = (db.execute(query, (os.fsencode(path), *stat)).fetchone() for path, stat in zip(paths, stats, strict=True))
    return [_remembered(row) if row else None for row in found]


def _remembered(row: tuple[str, int, int, str]) -> MeasuredFile:
    sha256, width, height, revision = row
    return MeasuredFile(sha256, width, height, revision=revision)


def _load_hashes(db: sqlite3.Connection, paths: Sequence[str], stats: Sequence[Stat]) -> list[str | None]:
    query = f"SELECT sha256 FROM files WHERE {_SAME}"
    found = (db.execute(query, (os.fsencode(path), *stat)).fetchone() for path, stat in zip(paths, stats, strict=True))
    return [row[0] if row else None for row in found]


def _load_tried(db: sqlite3.Connection, paths: Sequence[str], stats: Sequence[Stat]) -> list[bool]:
    query = f"SELECT tried FROM files WHERE {_SAME}"
    found = (db.execute(query, (os.fsencode(path), *stat)).fetchone() for path, stat in zip(paths, stats, strict=True))
    return [bool(row and row[0]) for row in found]


def _remember(db: sqlite3.Connection, rows: Sequence[tuple[str, Stat, MeasuredFile | None]]) -> None:
    settled = time.time_ns() - int(JUST_WRITTEN * 1e9)
    good = [
        (os.fsencode(path), *stat, measured.sha256, measured.width, measured.height, decoding.RULES, measured.revision)
        for path, stat, measured in rows
        if measured is not None and measured.reason is None and max(stat[1:]) < settled and _stat(path) == stat
    ]
    columns = "path, size, mtime_ns, ctime_ns, sha256, width, height, rules, revision"
    with contextlib.suppress(sqlite3.Error), db:
        db.executemany(f"INSERT OR REPLACE INTO files ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", good)


def _remember_tried(db: sqlite3.Connection, rows: Sequence[tuple[str, Stat]]) -> None:
    good = [(os.fsencode(path), *stat) for path, stat in rows]
    with contextlib.suppress(sqlite3.Error), db:
        db.executemany(f"UPDATE files SET tried = 1 WHERE {_SAME}", good)
