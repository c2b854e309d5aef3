"""The store: whole files or none, names that stay inside, one owner."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import NocturneError, RunBusy, StoreBroken
from core.store import TEMPORARY, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "run")


def test_put_then_read(store: Store) -> None:
    store.put("a/b.txt", b"one")
    store.put("a/b.txt", b"two")
    assert store.read("a/b.txt") == b"two"
    assert list(store.names()) == ["a/b.txt"]


@pytest.mark.parametrize(
    "name", ["../out.txt", "/etc/passwd", "a/../../b", "nul\0", "C:/out.txt", "..\\out.txt", "//host/share/a"]
)
def test_names_cannot_leave_the_root(store: Store, name: str) -> None:
    with pytest.raises(NocturneError, match="outside the run folder"):
        store.put(name, b"")


def test_a_failed_write_leaves_neither_the_file_nor_a_temporary(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("a.txt", b"old")

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(StoreBroken, match=r"a\.txt could not be written \(No space left on device\)"):
        store.put("a.txt", b"new")
    assert store.read("a.txt") == b"old"
    assert os.listdir(store.root) == ["a.txt"]


def test_sweep_removes_what_a_killed_process_left(store: Store) -> None:
    store.put("a/b.txt", b"")
    (store.root / f"a/{TEMPORARY}77-0").write_bytes(b"half")
    assert list(store.names()) == ["a/b.txt"]
    assert store.sweep() == 1
    assert os.listdir(store.root / "a") == ["b.txt"]


def test_one_process_holds_the_run(store: Store) -> None:
    code = (
        "import sys; from core.store import Store\n"
        f"with Store({str(store.root)!r}).lock():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == b"held\n"
    assert store.locked()
    with pytest.raises(RunBusy, match="being made by another process"), store.lock():
        pass
    other.kill()  # a dead owner gives the lock back
    other.wait()
    other.stdin.close()
    other.stdout.close()
    assert not store.locked()
    with store.lock():
        pass
