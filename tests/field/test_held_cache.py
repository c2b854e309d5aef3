"""The digest cache while a frozen process or a tool for databases holds it (beets#2960, colmap#1325)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.planning import file_digests
from core.planning.file_digests import DigestCache
from core.storage import digest_database
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import planned

LIMIT = 10**9


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files just written count as written long ago, and a lock is waited for briefly."""
    monkeypatch.setattr(file_digests, "JUST_WRITTEN", -3600.0)
    monkeypatch.setattr(digest_database, "LOCK_WAIT", 0.3)


@contextmanager
def held(folder: Path, *, whole: bool) -> Iterator[None]:
    """Another connection that holds the cache in `folder` for itself: `whole`, or against writing alone."""
    DigestCache(folder).measure([], LIMIT)
    other = sqlite3.connect(folder / digest_database.FILE, isolation_level=None)
    if whole:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM files WHERE size < 0")
    try:
        yield
    finally:
        other.close()


def test_a_held_cache_is_waited_for_briefly_and_said(studio: Studio, tmp_path: Path) -> None:
    cache, begun = DigestCache(tmp_path), time.monotonic()
    with held(tmp_path, whole=True):
        found = cache.measure_whole([str(studio.library / "cat.jpg")], LIMIT)
    assert time.monotonic() - begun < 10
    assert found[0].width == 40
    (notice,) = cache.notices
    assert f"{tmp_path / 'digests.sqlite'} is held by another process: files are read again" in notice


def test_a_held_cache_is_there_again_once_it_is_free(studio: Studio, tmp_path: Path) -> None:
    paths = [str(studio.library / "cat.jpg")]
    DigestCache(tmp_path).measure(paths, LIMIT)
    with held(tmp_path, whole=True):
        DigestCache(tmp_path).measure(paths, LIMIT)
    again = DigestCache(tmp_path)
    again.measure(paths, LIMIT)
    assert (again.computed, again.notices) == (0, [])


def test_a_cache_that_cannot_be_written_is_read_and_said(studio: Studio, tmp_path: Path) -> None:
    paths = [str(studio.library / "cat.jpg")]
    DigestCache(tmp_path).measure(paths, LIMIT)
    cache, begun = DigestCache(tmp_path), time.monotonic()
    with held(tmp_path, whole=False):
        cache.measure([*paths, str(studio.library / "trip/sea.png")], LIMIT)
    assert time.monotonic() - begun < 10
    assert cache.computed == 1
    assert [notice for notice in cache.notices if "what was read now is not remembered" in notice]


def test_a_lock_is_waited_for_as_long_as_measuring_took(tmp_path: Path) -> None:
    with digest_database.open_database(tmp_path) as db:
        for seconds, wait in ((0.0, 300), (4.0, 4000), (10_000.0, 30_000)):
            digest_database.put_rows(db, [("a", (1, 1, 1), ("", 1, 1, ""))], 1, seconds)
            assert db.execute("PRAGMA busy_timeout").fetchone() == (wait,)


def test_the_plan_of_a_run_says_so(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOCTURNE_CACHE", str(tmp_path / "cache"))
    with held(tmp_path / "cache", whole=True):
        problems = planned(studio).problems
    assert len([problem for problem in problems if "is held by another process" in problem]) == 1
