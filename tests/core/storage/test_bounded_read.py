"""Files that others wrote: regular ones alone, to a limit, without waiting."""

import os
from pathlib import Path

import pytest

from core.errors import NocturneError
from core.storage.bounded_read import NotRegular, open_regular, read_bounded


def test_read_bounded_reads_a_file_of_just_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bounded(tmp_path / "a", 5, "taste") == b"12345"


def test_read_bounded_refuses_a_larger_one_by_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"123456")
    with pytest.raises(NocturneError, match=r"taste .*a has more than 5 bytes; "):
        read_bounded(tmp_path / "a", 5, "taste")


def test_read_bounded_does_not_trust_the_size_on_disk() -> None:
    with pytest.raises(NocturneError, match="has more than 3 bytes"):
        read_bounded("/proc/self/status", 3, "record")  # it says 0


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "link"])
def test_open_regular_refuses_what_is_no_file_at_once(kind: str, tmp_path: Path) -> None:
    path = {"device": Path("/dev/zero")}.get(kind, tmp_path / "x")
    if kind in ("fifo", "link"):
        os.mkfifo(tmp_path / ("x" if kind == "fifo" else "y"))
    if kind == "folder":
        path.mkdir()
    if kind == "link":
        path.symlink_to(tmp_path / "y")
    with pytest.raises(NotRegular):
        open_regular(path)
    with pytest.raises(NocturneError, match="folder" if kind == "folder" else "not a regular file"):
        read_bounded(path, 9, "spec")


def test_read_bounded_lets_a_missing_file_be_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "none", 9, "spec")
