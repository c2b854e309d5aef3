"""Volumes that take nothing more although they have space, and such as may only be read: what helps is said.

From public reports: scylladb/scylladb#12626 (quotas), NLnetLabs/routinator#785 (inodes), metwork-framework/log_proxy#5
(`ulimit -f`), tobychui/arozos#90 (mounted to be read), ipython/ipython#7317 (umask and group of what is put by renaming),
rclone/rclone#894 and trapexit/mergerfs#1236 (volumes that do not tell their room).
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from core.doctor import machine
from core.errors import SpecError, StoreBroken
from core.storage.disk_space import check_free_space
from core.storage.store import Store
from tests.conftest import Studio
from tests.flows.command import here
from tests.needs import needs_linux
from tests.runs import contents, made_run

REMEDIES = {
    errno.EDQUOT: "free space in this user's quota",
    errno.EROFS: "so that it can be written to",
    errno.EFBIG: "raise the limit on the size of files (`ulimit -f`)",
    errno.ENOSPC: "free space on the disk",
}


@pytest.mark.parametrize("code", REMEDIES, ids=errno.errorcode.get)
def test_the_remedy_is_that_of_the_fault(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreBroken) as broken:
        Store(tmp_path).put("a/b", b"x")
    assert REMEDIES[code] in broken.value.remedy
    assert list((tmp_path / "a").iterdir()) == []


def test_a_disk_without_inodes_is_told_from_a_full_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)
    none_left = os.statvfs_result([*real[:6], 0, 0, *real[8:]])
    monkeypatch.setattr(os, "statvfs", lambda _: none_left)
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "it has room for no further one" in str(Store(tmp_path).write_error(error, tmp_path / "a"))


@pytest.mark.parametrize("tells", [False, True])
def test_a_volume_that_does_not_tell_its_room_is_not_full(
    tells: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs(tmp_path)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result([*real[:2], 1000 if tells else 0, 0, 0, *real[5:]]))
    (finding,) = machine.folder("disk", tmp_path, needed=True)
    assert finding.state == ("warning" if tells else "ok")
    if tells:
        with pytest.raises(SpecError, match=r"0\.0 MB of free disk"):
            check_free_space(1e6, 1e8, tmp_path)
    else:
        check_free_space(1e6, 1e8, tmp_path)
        assert finding.found.endswith("does not say how much is free")


def test_nor_is_one_that_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(os, "statvfs", refuse)
    check_free_space(1e6, 1e8, tmp_path)


@pytest.fixture
def closed(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole run on a volume that may only be read."""
    root = made_run(studio, ("wave/cat.jpg.png",)).root
    (root / ".lock").touch()
    opened = os.open

    def only_to_read(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and str(path).startswith(str(root)):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return opened(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", only_to_read)
    return root


@pytest.mark.parametrize("command", ["status", "manifest", "verify"])
def test_a_run_that_may_only_be_read_is_shown(command: str, closed: Path) -> None:
    before = contents(closed)
    ended = here(command, closed)
    assert (ended.code, ended.err) == (0, "")
    assert contents(closed) == before


@needs_linux
def test_and_a_night_in_it_is_seen(closed: Path) -> None:
    import fcntl

    assert not Store(closed).is_locked()
    with (closed / ".lock").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert Store(closed).is_locked()


def test_what_is_put_has_the_mode_and_group_of_a_plain_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o2775)
    before = os.umask(0o027)
    try:
        Store(tmp_path).put("a/b", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o2750
