"""Files that go to the disk together: named when they are whole and flushed, or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import StorageFailed, StoreBroken
from core.storage import write_batch
from core.storage.store import TEMPORARY, Store
from core.storage.write_batch import BatchedStore, WriteBatch

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "run")


def files(store: Store) -> list[str]:
    return sorted(path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file())


def test_files_have_their_names_once_they_are_settled(store: Store) -> None:
    together = WriteBatch(store)
    for place in range(5):
        together.put(f"outputs/a/{place}.png", bytes([place]) * 10_000)
    assert list(store.names()) == []
    assert all(Path(name).name.startswith(TEMPORARY) for name in files(store))
    assert together.commit() == {}
    assert files(store) == [f"outputs/a/{place}.png" for place in range(5)]
    assert store.read("outputs/a/3.png") == b"\3" * 10_000
    assert together.commit() == {}


@pytest.mark.parametrize(("few", "flushes"), [(0, ["flush"]), (2, ["file", "file"])])
def test_they_are_flushed_before_they_are_named(
    store: Store, monkeypatch: pytest.MonkeyPatch, few: int, flushes: list[str]
) -> None:
    done: list[str] = []
    monkeypatch.setattr(write_batch, "FEW", few)
    monkeypatch.setattr(write_batch, "_syncfs", lambda _: bool(done.append("flush")))
    monkeypatch.setattr(os, "fsync", lambda _: done.append("file"))
    rename = os.rename
    monkeypatch.setattr(os, "rename", lambda *names: (done.append("rename"), rename(*names)))
    together = WriteBatch(store)
    for name in "ab":
        together.put(f"outputs/{name}", b"x")
    together.commit()
    assert done == [*flushes, "rename", "rename"]


def test_without_a_flush_of_the_whole_disk_each_file_is_flushed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_batch, "_syncfs", None)
    flushed: list[int] = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (flushed.append(file), sync(file)))
    together = WriteBatch(store)
    for name in "abc":
        together.put(f"outputs/{name}", b"x")
    together.commit()
    assert len(flushed) == 3
    assert files(store) == ["outputs/a", "outputs/b", "outputs/c"]


def test_a_disk_that_does_not_take_them_keeps_them_for_the_next_try(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = WriteBatch(store)
    together.put("outputs/a", b"x")
    monkeypatch.setattr(write_batch, "FEW", 0)
    monkeypatch.setattr(write_batch, "_syncfs", lambda _: -1)
    with pytest.raises(StoreBroken, match="could not be written"):
        together.commit()
    assert list(store.names()) == []
    monkeypatch.undo()
    assert together.commit() == {}
    assert files(store) == ["outputs/a"]


def test_a_name_that_cannot_be_given_fails_alone(store: Store) -> None:
    together = WriteBatch(store)
    (store.root / "outputs/b").mkdir(parents=True)
    for name in "abc":
        together.put(f"outputs/{name}", b"x")
    failed = together.commit()
    assert list(failed) == ["outputs/b"]
    assert "what stands in its place" in str(failed["outputs/b"])
    assert files(store) == ["outputs/a", "outputs/c"]


def test_a_folder_that_cannot_be_made_is_said_at_once(store: Store) -> None:
    store.put("outputs", b"a file where the folder should be")
    with pytest.raises(StorageFailed, match="outputs"):
        WriteBatch(store).put("outputs/a", b"x")


def test_a_link_that_leaves_the_run_is_not_followed(store: Store, tmp_path: Path) -> None:
    together = WriteBatch(store)
    (store.root / "outputs").symlink_to(tmp_path)
    with pytest.raises(StorageFailed, match="leaves"):
        together.put("outputs/a", b"x")


def test_a_kill_before_they_are_settled_leaves_nothing_that_has_a_name(store: Store) -> None:
    script = (
        "import os, sys\n"
        "from core.storage.write_batch import WriteBatch\n"
        "from core.storage.store import Store\n"
        "together = WriteBatch(Store(sys.argv[1]))\n"
        "together.put('outputs/first', b'x')\n"
        "together.commit()\n"
        "together.put('outputs/second', b'x')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(store.root)], cwd=ROOT, check=False)
    assert ended.returncode == -9
    assert list(store.names()) == ["outputs/first"]
    assert store.remove_temporary_files() == 1
    assert files(store) == ["outputs/first"]


def test_a_store_knows_what_waits_to_be_settled(store: Store) -> None:
    together = BatchedStore(store)
    together.put("thumbs/a.jpg", b"small")
    assert together.exists("thumbs/a.jpg")
    assert not store.exists("thumbs/a.jpg")
    assert together.commit() == {}
    assert store.read("thumbs/a.jpg") == b"small"
    assert together.exists("thumbs/a.jpg")
    assert not together.exists("thumbs/b.jpg")


def test_a_folder_that_was_removed_since_is_made_again(store: Store) -> None:
    together = WriteBatch(store)
    together.put("a/one", b"1")
    together.commit()
    store.path("a/one").unlink()
    store.path("a").rmdir()
    together.put("a/two", b"2")
    assert together.commit() == {}
    assert store.read("a/two") == b"2"
