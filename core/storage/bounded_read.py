"""Opening of files that others wrote: regular files alone, never waiting, small ones read to a limit.

A FIFO without a writer, a terminal or a device is refused by its kind, before it is opened and again once it is: opening
one can wait for ever, and reading one may never end. No size on disk is trusted (those of /proc say 0, and files grow): a
byte over the limit is asked for.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
from pathlib import Path
from typing import IO

from core.errors import NocturneError
from core.safe_text import path_text

READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
"""To open whatever a path leads to without waiting for it, and without it becoming the terminal."""


class NotRegular(OSError):
    """A folder, FIFO, socket or device stands where a file is to be; `kind` and `strerror` say so."""

    def __init__(self, mode: int) -> None:
        self.kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        super().__init__(0, f"it is {self.kind}")


def open_regular(path: str | Path) -> io.BufferedReader:
    """Open a regular file, links followed, to read bytes. Never blocks. Raises NotRegular, OSError, ValueError."""
    _require_regular(os.stat(path))
    descriptor = os.open(path, READ_FLAGS)
    try:
        _require_regular(os.fstat(descriptor))  # what stood there a moment ago may have been exchanged
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def open_to_append(path: Path) -> IO[bytes]:
    """Open a regular file, which is made if there is none, to write at its end. Never follows a link, never blocks.

    Raises NotRegular, OSError.
    """
    with contextlib.suppress(FileNotFoundError):
        _require_regular(os.lstat(path))
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | READ_FLAGS | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(path, flags, 0o666), "ab")


def read_bounded(path: str | Path, most: int, what: str) -> bytes:
    """The bytes of a regular file of at most `most` bytes; `what` is what messages call it, such as "taste".

    Raises FileNotFoundError; NocturneError for anything else that is no such file.
    """
    name = f"{what} {path_text(Path(path))}"
    try:
        with open_regular(path) as file:
            data = file.read(most + 1) if os.fstat(file.fileno()).st_size <= most else None
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise NocturneError(f"{name} cannot be read ({words})", "give a file that this user may read.") from error
    if data is None or len(data) > most:
        raise NocturneError(f"{name} has more than {_size(most)}", "no such file is so large: give another one.")
    return data


def _require_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegular(status.st_mode)


def _size(count: int) -> str:
    return f"{count >> 20} MB" if count >= 1 << 20 else f"{count:,} bytes"
