"""Batched atomic writes: temporary files, one flush of the file system, then renames."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import threading
from pathlib import Path

from core.errors import StorageFailed, StoreBroken
from core.storage.store import Store, temporary_name

FEW = 8
"""Files up to which each is flushed by itself: flushing the file system waits for what others write to it, too."""


class WriteBatch:
    """Files of a store that go to the disk together. Safe to call from several threads.

    Each is written under a temporary name; `commit` flushes them all, which for many small files costs a hundredth of
    flushing each, and only then gives them their names. A kill before that leaves temporary files alone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._written: list[tuple[str, str, str]] = []
        self._places: dict[str, str] = {}
        store.make_root()
        # Open from now on, so that it is told of every fault of the disk since.
        self._root = os.open(store.root, os.O_RDONLY)

    def put(self, name: str, data: bytes) -> None:
        """Write `data`, to be called `name` once it is committed. Raises as `Store.put` does."""
        self._store.check_root()
        folder, _, last = name.rpartition("/")
        place = self._place(folder)
        target, temporary = f"{place}{os.sep}{last}", f"{place}{os.sep}{temporary_name()}"
        try:
            try:
                _write(temporary, data)
            except FileNotFoundError:  # the folder was removed since, when nothing was left in it
                self._places.pop(folder, None)
                self._place(folder)
                _write(temporary, data)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise self._store.write_error(error, Path(target)) from error
        with self._lock:
            self._written.append((name, target, temporary))

    def commit(self) -> dict[str, StorageFailed]:
        """Flush what was written since the last time, and name it. Returns why, by name, for each that could not be.

        Raises StoreBroken if the disk did not take them; they are then kept for the next try.
        """
        with self._lock:
            written, self._written = self._written, []
        failed: dict[str, StorageFailed] = {}
        try:
            self._store.check_root()
            if written:
                self._flush([temporary for _, _, temporary in written])
            while written:
                name, target, temporary = written[-1]
                try:
                    os.rename(temporary, target)
                except OSError as error:
                    failed[name] = self._unnamed(error, target, temporary)
                written.pop()
        finally:
            with self._lock:
                self._written += written
        return failed

    def _place(self, folder: str) -> str:
        """The path of a folder, made and judged once."""
        if folder not in self._places:
            path = self._store.target(f"{folder}/any").parent
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self._store.write_error(error, path) from error
            self._places[folder] = str(path)
        return self._places[folder]

    def _flush(self, paths: list[str]) -> None:
        try:
            if len(paths) <= FEW or _syncfs is None or not self._is_on_one_disk():
                for path in paths:
                    _flush_file(path)
            elif _syncfs(self._root):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        except OSError as error:
            raise StoreBroken(
                str(self._store.write_error(OSError(errno.EIO, error.strerror), self._store.root))
            ) from error

    def _is_on_one_disk(self) -> bool:
        """Whether every folder written into is on the file system of the run folder."""
        with self._lock:
            places = list(self._places.values())
        return all(os.stat(place).st_dev == os.fstat(self._root).st_dev for place in places)

    def _unnamed(self, error: OSError, target: str, temporary: str) -> StorageFailed:
        """Why one file could not be named; it is removed. Raises StoreBroken if no file could be."""
        fault = self._store.write_error(error, Path(target))
        if isinstance(fault, StoreBroken):
            raise fault from error
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        return fault


class BatchedStore(Store):
    """A store whose files get their names when they are committed together: see WriteBatch. Safe for several threads."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.root)
        self._batch = WriteBatch(store)
        self._waiting: set[str] = set()

    def put(self, name: str, data: bytes) -> None:
        """Write `data`, to be called `name` once it is committed. Raises as `Store.put` does."""
        self._batch.put(name, data)
        self._waiting.add(name)

    def exists(self, name: str) -> bool:
        """Whether a file called `name` is there, or waits to be committed."""
        return name in self._waiting or super().exists(name)

    def commit(self) -> dict[str, StorageFailed]:
        """Flush what was put, and name it: see WriteBatch.commit. What is put meanwhile waits for the next time."""
        self._waiting = set()  # one that is asked for before it has its name is put twice, and is the same
        return self._batch.commit()


def _write(path: str, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(file, left) :]
    finally:
        os.close(file)


def _flush_file(path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if os.name == "posix" else None
"""Flushes a whole file system, given an open file on it; Linux has it."""
