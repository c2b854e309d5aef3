"""The store: whole files or none, names that stay inside, one owner."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.errors import NocturneError, RunBusy, StorageFailed, StoreBroken
from core.storage.store import TEMPORARY, Store


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


def test_links_cannot_lead_out(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    store.put("inside.txt", b"")
    (store.root / "linked").symlink_to(outside)
    (store.root / "file.txt").symlink_to(outside / "secret.txt")
    for name in ("linked/new.txt", "linked/deep/new.txt"):
        with pytest.raises(StorageFailed, match="a link that leaves"):
            store.put(name, b"data")
    for name in ("linked/secret.txt", "file.txt"):
        with pytest.raises(StorageFailed, match="a link that leaves"):
            store.read(name)
    store.put("file.txt", b"own")  # takes the link's place
    assert store.read("file.txt") == b"own"
    assert (outside / "secret.txt").read_text() == "secret"
    assert os.listdir(outside) == ["secret.txt"]


def test_a_run_folder_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "big disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "big disk")
    store = Store(tmp_path / "run")
    store.put("a/b.txt", b"one")
    assert store.read("a/b.txt") == b"one"


def test_asking_for_the_lock_does_not_take_it_from_a_night(store: Store) -> None:
    asking = threading.Event()

    def ask() -> None:
        while not asking.is_set():
            store.is_locked()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        for _ in range(100):
            with store.lock():
                pass
    finally:
        asking.set()
        thread.join()


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
    assert store.remove_temporary_files() == 1
    assert os.listdir(store.root / "a") == ["b.txt"]


def test_one_process_holds_the_run(store: Store) -> None:
    code = (
        "import sys; from core.storage.store import Store\n"
        f"with Store({str(store.root)!r}).lock():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == b"held\n"
    assert store.is_locked()
    with pytest.raises(RunBusy, match="being made by another process"), store.lock():
        pass
    other.kill()  # a dead owner gives the lock back
    other.wait()
    other.stdin.close()
    other.stdout.close()
    assert not store.is_locked()
    with store.lock():
        pass
