"""Measuring files: remembered while they stay as they are, never longer."""

import os
from pathlib import Path

import pytest

from core.errors import Missing
from core.images import decode_probe
from core.planning import file_digests
from core.planning.file_digests import DigestCache, sha256_of
from tests.conftest import Studio

LIMIT = 10**9


@pytest.fixture
def finalise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files just written count as written long ago."""
    monkeypatch.setattr(file_digests, "JUST_WRITTEN", -3600.0)


@pytest.mark.usefixtures("finalise")
def test_files_are_measured_once(studio: Studio, tmp_path: Path) -> None:
    paths = [str(studio.library / "cat.jpg"), str(studio.library / "trip/sea.png")]
    first = DigestCache(tmp_path)
    found = first.measure(paths, LIMIT)
    assert first.computed == 2
    assert [(each.width, each.height) for each in found] == [(40, 32), (32, 40)]
    assert found[0].sha256 == sha256_of(paths[0])
    second = DigestCache(tmp_path)
    assert second.measure(paths, LIMIT) == found
    assert second.computed == 0


def test_a_changed_file_is_measured_again(studio: Studio, tmp_path: Path) -> None:
    path = str(studio.library / "cat.jpg")
    (before,) = DigestCache(tmp_path).measure([path], LIMIT)
    studio.picture("library/cat.jpg", 99, (20, 20))
    (after,) = DigestCache(tmp_path).measure([path], LIMIT)
    assert (after.width, after.sha256 != before.sha256) == (20, True)


def test_a_file_just_written_is_not_remembered(studio: Studio, tmp_path: Path) -> None:
    path = str(studio.library / "cat.jpg")
    DigestCache(tmp_path).measure([path], LIMIT)
    again = DigestCache(tmp_path)
    again.measure([path], LIMIT)
    assert again.computed == 1


@pytest.mark.usefixtures("finalise")
def test_a_change_behind_an_old_time_is_seen(studio: Studio, tmp_path: Path) -> None:
    path = studio.library / "cat.jpg"
    (before,) = DigestCache(tmp_path).measure([str(path)], LIMIT)
    stat, data = path.stat(), bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    (after,) = DigestCache(tmp_path).measure([str(path)], LIMIT)
    assert after.sha256 != before.sha256


@pytest.mark.usefixtures("finalise")
def test_artworks_are_decoded_once(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = studio.picture("catalog/whole.jpg", 7, (200, 160))
    cut = studio.catalog / "cut.jpg"
    cut.write_bytes(whole.read_bytes()[:2000])
    asked: list[list[str]] = []
    real = decode_probe.find_faults
    monkeypatch.setattr(
        decode_probe, "find_faults", lambda paths, *rest: asked.append(list(paths)) or real(paths, *rest)
    )
    for _ in range(2):
        found = DigestCache(tmp_path).measure_whole([str(whole), str(cut)], LIMIT)
        assert [each.reason for each in found] == [None, "unreadable"]
    assert asked == [[str(whole), str(cut)], [str(cut)]]


def test_faults_are_not_remembered(studio: Studio, tmp_path: Path) -> None:
    path = studio.library / "new.png"
    path.write_text("not yet a picture")
    (found,) = DigestCache(tmp_path).measure([str(path)], LIMIT)
    assert found.reason == "unreadable"
    stat = path.stat()
    studio.picture("library/new.png", 5)
    os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    (found,) = DigestCache(tmp_path).measure([str(path)], LIMIT)
    assert found.reason is None


def test_the_limit_is_not_remembered(studio: Studio, tmp_path: Path) -> None:
    path = str(studio.library / "cat.jpg")
    assert DigestCache(tmp_path).measure([path], 100)[0].reason == "too_large"
    assert DigestCache(tmp_path).measure([path], LIMIT)[0].reason is None
    assert DigestCache(tmp_path).measure([path], 100)[0].reason == "too_large"


def test_without_a_writable_cache_files_are_still_measured(studio: Studio, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    assert DigestCache(blocked).measure([str(studio.library / "cat.jpg")], LIMIT)[0].width == 40


def test_a_damaged_cache_is_not_fatal(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "digests.sqlite").write_bytes(b"rubbish" * 100)
    assert DigestCache(tmp_path).measure([str(studio.library / "cat.jpg")], LIMIT)[0].width == 40


def test_a_missing_file() -> None:
    with pytest.raises(Missing, match="is gone"):
        sha256_of("/nowhere/at/all.jpg")
