"""Device lock: one process computes on a device at a time, by an OS lock that a dead owner frees at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from filelock import FileLock, Timeout

from core.storage.cache_dir import cache_folder


@contextlib.contextmanager
def hold_device(device: str, waiting: Callable[[], None]) -> Iterator[None]:
    """Be the only process on the device with the name `device` (see core.networks.device.identity); `waiting` is called once
    if another has it now.
    """
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"device-{device}.lock")
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
