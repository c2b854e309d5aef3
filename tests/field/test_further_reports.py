"""Further kinds from public reports: stopped processes, shares that go away, caches that break, times of other centuries."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.errors import Missing, SpecError
from core.images import image
from core.images.open_image import decoder_errors
from core.planning.file_digests import DigestCache, sha256_of
from core.storage.store import Store
from flows.console import PlainConsole
from tests.conftest import Studio

AWAY = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EMFILE)


@pytest.mark.parametrize("code", AWAY, ids=[errno.errorcode[code] for code in AWAY])
def test_a_share_that_is_away_costs_a_job_one_night_and_no_more(
    code: int, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture on a share that hiccups is tried again, not called damaged (qBittorrent#5098, nextcloud/desktop#4898)."""
    opened = os.open

    def away(path: Any, *rest: Any, **more: Any) -> int:
        if str(path).endswith("cat.jpg"):
            raise OSError(code, os.strerror(code))
        return opened(path, *rest, **more)

    monkeypatch.setattr(os, "open", away)
    for read in (image.read, image.probe, lambda path: sha256_of(str(path))):
        with pytest.raises(Missing, match=r"cannot be reached now \(.*\); look at its disk or its share"):
            read(studio.library / "cat.jpg")


def test_a_share_that_goes_away_while_a_picture_is_read(studio: Studio) -> None:
    class Half(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 400:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().read(min(size or 100, 100))

    with pytest.raises(Missing, match="cannot be reached now"), decoder_errors("cat.jpg"):
        image.read_open(Half((studio.library / "cat.jpg").read_bytes()), "cat.jpg", 10**6)


@pytest.mark.parametrize("seconds", [-(2**33), 0, 2**33, 2**39])
def test_a_time_of_another_century_is_a_time(seconds: int, studio: Studio, tmp_path: Path) -> None:
    """A camera without a battery, a volume of 64-bit times (owncloud/core#23228, copyparty#1470, exa#550)."""
    path = studio.library / "cat.jpg"
    try:
        os.utime(path, (seconds, seconds))
    except OSError:
        os.utime(path, (0, 0))  # a volume that has no such time has this one
    for _ in range(2):
        (found,) = DigestCache(tmp_path / "cache").measure([str(path)], 10**6)
        assert found.sha256 == sha256_of(str(path))


def test_a_cache_that_is_damaged_is_made_anew(studio: Studio, tmp_path: Path) -> None:
    """A cache that was killed while it was written (etterna#1165, python-diskcache#67)."""
    paths = [str(studio.library / "cat.jpg")]
    cache = DigestCache(tmp_path)
    before = cache.measure(paths, 10**6)
    file = tmp_path / "digests.sqlite"
    for extra in tmp_path.glob("digests.sqlite-*"):
        extra.unlink()
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 8192)
    assert DigestCache(tmp_path).measure(paths, 10**6) == before
    assert DigestCache(tmp_path).measure(paths, 10**6) == before
    with sqlite3.connect(file) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_volume_without_locks_is_one_sentence(code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """NFS without its lock daemon, some FUSE volumes (filelock#6, minio#12987)."""

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(SpecError, match="lies on a volume without file locks"), Store(tmp_path).lock():
        raise AssertionError("it must not be held")


@pytest.mark.parametrize("columns", ["0", "1"])
def test_a_terminal_without_a_width_shows_lines(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Editors and services give a width of 0 (lerna#9, needrestart#167, travis-ci#6896)."""
    monkeypatch.setenv("COLUMNS", columns)
    out = io.StringIO()
    PlainConsole(file=out).print("42 of 42 done")
    assert out.getvalue() == "42 of 42 done\n"
