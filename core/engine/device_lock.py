"""One owner a device: whoever computes on it holds an OS lock, which a dead owner gives back at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from filelock import FileLock, Timeout

from core.storage.cache_dir import cache_folder


@contextlib.contextmanager
def owning(device: str, waiting: Callable[[], None]) -> Iterator[None]:
    """Be the only process on the device `device`; `waiting` is called once if another has it now."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"device-{device.replace(':', '')}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
    except OSError:  # without a writable cache folder there is nothing to lock
        lock = None
    try:
        yield
    finally:
        if lock is not None:
            lock.release()
