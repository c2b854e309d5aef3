"""Free disk space, the check that a night's output will fit, and what helps where nothing more can be written."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from core.errors import SpecError


def free_bytes(folder: Path) -> int | None:
    """Free bytes on the disk that holds `folder`, or will hold it once it is made; None where a volume does not tell, as
    some of networks and clouds do, which have 0 bytes in all.
    """
    try:
        usage = shutil.disk_usage(_existing(folder))
    except OSError:
        return None
    return usage.free if usage.total else None


def check_free_space(needed: float, spare: float, folder: Path) -> None:
    """Raises SpecError if writing `needed` bytes into `folder` would leave less than `spare` bytes free, if it tells."""
    free = free_bytes(folder)
    if free is not None and needed and needed + spare > free:
        raise SpecError(
            f"out {folder} has {_size(free)} of free disk, and the night would write about {_size(needed)} and leave "
            f"{_size(spare)}",
            "free some, choose another --out, or lower --size, --limit or --spare-disk.",
        )


def room_remedy(code: int | None, folder: Path) -> str:
    """What helps where the system says `code` (of errno) to whatever is written into `folder`: a disk with much free space
    can be full for one user, or have no room for one file more.
    """
    if code == errno.EDQUOT:
        return f"free space in this user's quota on the disk of {folder}, or have it raised"
    if code == errno.EROFS:
        return f"mount the disk of {folder} so that it can be written to"
    if code == errno.EFBIG:
        return f"raise the limit on the size of files (`ulimit -f`), or that of the disk of {folder}"
    if code == errno.ENOSPC and not _free_files(folder):
        return f"delete files on the disk of {folder}, however small: it has room for no further one"
    return f"free space on the disk of {folder}, or correct its permissions"


def _existing(folder: Path) -> Path:
    existing = folder.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    return existing


def _free_files(folder: Path) -> bool:
    """Whether the disk has room for another file, as far as it tells."""
    try:
        status = os.statvfs(_existing(folder))
    except (OSError, AttributeError):
        return True
    return status.f_favail > 0 or status.f_files == 0


def _size(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
