"""Digest cache: SHA-256 and size in pixels of picture files, kept by path, length and times of change."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import JobError, Missing, Unreadable
from core.images import decode_probe, decoding, image
from core.images.open_image import is_out_of_reach, out_of_reach_error
from core.progress import ProgressCallback
from core.safe_text import printable
from core.storage import digest_database
from core.storage.bounded_read import open_regular
from core.storage.cache_dir import cache_folder
from core.storage.digest_database import FileRow, Stat, stat_of

THREADS = 4
CHUNK = 1 << 20
JUST_WRITTEN = 2.0
"""Seconds after its last change in which a file is not remembered: a clock that ticks as coarsely as some disks' would
not show the next change.
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

    @classmethod
    def of_row(cls, row: FileRow) -> MeasuredFile:
        """What the cache remembers of a usable file."""
        sha256, width, height, revision = row
        return cls(sha256, width, height, revision=revision)

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
        self.notices: list[str] = []
        """Sentences on a cache that another process holds: files are measured again for it."""

    def measure(
        self, paths: Sequence[str], max_pixels: int, tick: ProgressCallback | None = None
    ) -> list[MeasuredFile]:
        """Measure files by their headers and bytes, in order. `tick(done, total)` is called now and then while new ones
        are read.
        """
        return self._with_database(lambda db: self._measure_all(db, paths, max_pixels, tick))

    def measure_whole(
        self, paths: Sequence[str], max_pixels: int, tick: ProgressCallback | None = None
    ) -> list[MeasuredFile]:
        """Measure files as `measure` does, and decode each whole once, in a process apart (see core.images.decode_probe)."""
        found = self.measure(paths, max_pixels)
        return self._with_database(lambda db: self._decode_all(db, paths, found, max_pixels, tick))

    def _with_database(self, work: Callable[[sqlite3.Connection], list[MeasuredFile]]) -> list[MeasuredFile]:
        """Work on the database; on one in memory where it is damaged, held by another process or cannot be written."""
        try:
            with contextlib.closing(digest_database.open_database(self._folder)) as db:
                return work(db)
        except sqlite3.Error as error:
            if digest_database.is_locked(error):
                self._notice("files are read again, which can take long")
            elif not isinstance(error, sqlite3.OperationalError):
                digest_database.discard(self._folder)
        self._folder = None
        with contextlib.closing(digest_database.open_database(None)) as db:
            return work(db)

    def _notice(self, loss: str) -> None:
        where = printable(os.fspath((self._folder or Path()) / digest_database.FILE))
        self.notices.append(
            f"the cache of digests {where} is held by another process: {loss}; end that process if it hangs."
        )

    def _measure_all(
        self, db: sqlite3.Connection, paths: Sequence[str], max_pixels: int, tick: ProgressCallback | None
    ) -> list[MeasuredFile]:
        stats = [stat_of(path) for path in paths]
        rows = digest_database.known_rows(db, paths, stats, decoding.RULES)
        known = [MeasuredFile.of_row(row) if row else None for row in rows]
        unknown = [i for i, found in enumerate(known) if found is None]
        hashes = digest_database.known_hashes(db, [paths[i] for i in unknown], [stats[i] for i in unknown])
        begun = time.monotonic()
        fresh = self._fresh([paths[i] for i in unknown], hashes, tick)
        for i, measured in zip(unknown, fresh, strict=True):
            known[i] = measured
        new = _settled((paths[i], stats[i], known[i] or MeasuredFile()) for i in unknown)
        self._remember(lambda: digest_database.put_rows(db, new, decoding.RULES, time.monotonic() - begun))
        return [_limited(path, found or MeasuredFile(), max_pixels) for path, found in zip(paths, known, strict=True)]

    def _decode_all(
        self,
        db: sqlite3.Connection,
        paths: Sequence[str],
        found: list[MeasuredFile],
        max_pixels: int,
        tick: ProgressCallback | None,
    ) -> list[MeasuredFile]:
        stats = [stat_of(path) for path in paths]
        tried = digest_database.known_tried(db, paths, stats)
        untried = [i for i, measured in enumerate(found) if measured.reason is None and not tried[i]]
        faults = decode_probe.find_faults([paths[i] for i in untried], max_pixels, tick)
        decoded = list(found)
        for i, fault in zip(untried, faults, strict=True):
            if fault is not None:
                decoded[i] = replace(decoded[i], reason=fault.reason, message=str(fault))
        whole = [(paths[i], stats[i]) for i in untried if decoded[i].reason is None]
        self._remember(lambda: digest_database.put_tried(db, whole))
        return decoded

    def _fresh(
        self, paths: Sequence[str], hashes: Sequence[str | None], tick: ProgressCallback | None
    ) -> Iterator[MeasuredFile]:
        with ThreadPoolExecutor(THREADS) as pool:
            for done, measured in enumerate(pool.map(_measure, paths, hashes), start=1):
                self.computed += 1
                if tick is not None and (done % 50 == 0 or done == len(paths)):
                    tick(done, len(paths))
                yield measured

    def _remember(self, put: Callable[[], None]) -> None:
        """Write to the database. It is a cache: what cannot be written is measured again some time."""
        try:
            put()
        except sqlite3.Error as error:
            if digest_database.is_locked(error):
                self._notice("what was read now is not remembered")


def _settled(rows: Iterable[tuple[str, Stat, MeasuredFile]]) -> list[tuple[str, Stat, FileRow]]:
    """The rows to remember: of files that can be used, and that have not changed just now."""
    settled = time.time_ns() - int(JUST_WRITTEN * 1e9)
    return [
        (path, stat, (measured.sha256, measured.width, measured.height, measured.revision))
        for path, stat, measured in rows
        if measured.reason is None and max(stat[1:]) < settled and stat_of(path) == stat
    ]


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
