"""Available memory, recognition of out-of-memory errors, and malloc settings of this process."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
OWN_GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
KEPT = 256 * 2**20
"""Freed bytes that a process keeps for its next tensors, about; blocks of half of that go back at once."""
_NO_MEMORY = ("allocate memory", "out of memory", "_ALLOC_FAILED", "_ALLOCATION_FAILED")
"""Words of torch, the CUDA runtime, cuBLAS, cuDNN, cuFFT and cuSOLVER."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of glibc's mallopt(3)."""


def available_bytes() -> int | None:
    """Bytes that can be taken before the machine, or the container, is full. None where this is not known."""
    found = [size for size in (_of_machine(), *_of_groups()) if size is not None]
    return min(found, default=None)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception, of Python, torch, cuBLAS, cuDNN or the CUDA runtime, says that there was no memory left."""
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__:
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


def retain_freed_memory() -> None:
    """From now on, small freed blocks wait for their next use in place of going back to the system, which clears them.

    A network's tensors come and go by the picture: at 512 x 269, a fifth of the time of the one that paints in one pass was
    spent on pages handed out anew, and a third of that of training it. Threads share what is kept: what each has for
    itself goes back sooner. Nothing happens where the C library is not glibc.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            library.mallopt(_MMAP_THRESHOLD, KEPT // 2)
            library.mallopt(_TRIM_THRESHOLD, KEPT)
            library.mallopt(_ARENA_MAX, 1)


def release_freed_memory() -> None:
    """Give freed memory of every thread back to the system now: what decoding a large picture leaves is a gigabyte."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _of_machine() -> int | None:
    with contextlib.suppress(OSError, ValueError):
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_groups() -> list[int]:
    """What is left under the limits of this process's control groups (version 2), innermost first."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        own = next((line[3:] for line in OWN_GROUP.read_text().splitlines() if line.startswith("0::")), "/")
        folder = GROUPS / own.lstrip("/")
        for group in (folder, *folder.parents):
            if not group.is_relative_to(GROUPS):
                break
            with contextlib.suppress(OSError, ValueError):  # no limit is set: the word `max`, or no such file
                found.append(int((group / "memory.max").read_text()) - _in_use(group))
    return found


def _in_use(group: Path) -> int:
    """Bytes in use by a group, without the file cache that is given up when memory runs short."""
    used = int((group / "memory.current").read_text())
    with contextlib.suppress(OSError, ValueError):
        for line in (group / "memory.stat").read_text().splitlines():
            if line.startswith("inactive_file "):
                return max(0, used - int(line.split()[1]))
    return used
