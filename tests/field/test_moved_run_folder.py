"""A run folder that is moved, deleted or exchanged midway ends the night; nothing is made in its place."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import RunBusy, SpecError, StoreBroken
from core.manifest import manifest
from core.storage.store import Store
from core.storage.write_batch import BatchedStore

CHANGES: dict[str, Callable[[Path], object]] = {
    "moved": lambda run: run.rename(run.with_name("moved")),
    "deleted": shutil.rmtree,
    "exchanged": lambda run: (run.rename(run.with_name("moved")), run.mkdir()),
}
WRITES: dict[str, Callable[[Store], object]] = {
    "put": lambda store: store.put("gallery/index.html", b"x"),
    "part": lambda store: manifest.write_part(store, [{"output": "a.png", "key": "k", "status": "done"}]),
    "log": lambda store: store.append("log.jsonl", "{}"),
    "batch": lambda store: BatchedStore(store).put("outputs/a.png", b"x"),
    "another store of it": lambda store: Store(store.root).put("a", b"x"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("write", WRITES)
def test_nothing_is_written_where_the_run_was(write: str, change: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "run")
    with store.lock():
        store.put("plan.parquet", b"x")
        CHANGES[change](store.root)
        with pytest.raises(
            StoreBroken, match="was moved or deleted while it was being made; put it back, or name its new"
        ):
            WRITES[write](store)
    assert not list(store.root.iterdir()) if store.root.exists() else True


def test_files_that_wait_are_not_called_their_jobs_faults(tmp_path: Path) -> None:
    store = Store(tmp_path / "run")
    with store.lock():
        batch = BatchedStore(store)
        batch.put("outputs/a.png", b"x")
        store.root.rename(tmp_path / "moved")
        with pytest.raises(StoreBroken, match="was moved or deleted"):
            batch.commit()


def test_a_folder_that_is_put_back_goes_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "run")
    with store.lock():
        store.root.rename(tmp_path / "moved")
        (tmp_path / "moved").rename(store.root)
        store.put("a", b"x")
    assert store.read("a") == b"x"


def test_a_folder_is_held_no_longer_than_its_lock(tmp_path: Path) -> None:
    store = Store(tmp_path / "run")
    with store.lock():
        pass
    shutil.rmtree(store.root)
    store.put("a", b"x")
    assert store.read("a") == b"x"


@pytest.mark.parametrize("kind", ["link", "fifo", "folder"])
def test_a_lock_that_is_no_file_is_one_sentence(kind: str, tmp_path: Path) -> None:
    store, path = Store(tmp_path), tmp_path / ".lock"
    if kind == "link":
        path.symlink_to(tmp_path / "outside")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(SpecError, match=r"\.lock cannot be a lock"), store.lock():
        raise AssertionError("it must not be held")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("kind", ["link", "link to nothing", "fifo", "folder"])
def test_a_lock_that_is_no_file_is_held_by_nobody_and_left_alone(kind: str, tmp_path: Path) -> None:
    path, outside = tmp_path / ".lock", tmp_path / "outside"
    outside.write_text("mine")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(outside if kind == "link" else tmp_path / "nothing")
    assert not Store(tmp_path).is_locked()
    assert outside.read_text() == "mine"


def test_a_run_that_cannot_be_made_there_is_one_sentence() -> None:
    with pytest.raises(SpecError, match="cannot be a lock"), Store("/proc/self/run").lock():
        raise AssertionError("it must not be held")


def test_a_name_that_is_too_long_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=os.strerror(errno.ENAMETOOLONG)), Store(tmp_path / ("x" * 300)).lock():
        raise AssertionError("it must not be held")


def test_a_lock_that_is_held_is_still_said(tmp_path: Path) -> None:
    with Store(tmp_path).lock(), pytest.raises(RunBusy), Store(tmp_path).lock():
        raise AssertionError("it must not be held twice")
