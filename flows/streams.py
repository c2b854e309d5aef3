"""Standard streams of the command line: closed ones opened on the null device, and words that cannot be written dropped.

A night is worth more than what is said of it: a full disk below a log, a pipe whose reader is gone, or a stream that was
never open costs no picture and changes no exit code. Commands whose result is what they print say so (`print_result`), and
end with a code of their own when it was lost.
"""

from __future__ import annotations

import errno
import io
import locale
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

READER_GONE = (errno.EPIPE, errno.ECONNRESET)
PATIENCE = 10.0
"""Seconds that the reader of a stream which does not block may take."""
_never_open: set[int] = set()
_result_printed = False


class LossyFile(io.FileIO):
    """A file descriptor whose writes never fail: what the system does not take is dropped, and why is kept in `lost`."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self.lost: OSError | None = None
        if descriptor in _never_open:
            self.lost = OSError(errno.EBADF, os.strerror(errno.EBADF))

    def write(self, data: ReadableBuffer, /) -> int:
        """Write bytes; a length is returned whether they were taken or not."""
        try:
            while (
                written := super().write(data)
            ) is None:  # one that another program has set not to block, and is full
                if not select.select([], [self], [], PATIENCE)[1]:
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            return written
        except OSError as error:
            self.lost = self.lost or error
            return memoryview(data).nbytes


def prepare_streams() -> None:
    """Open standard descriptors that are closed, and make standard output and error lossy and able to take any name.

    Call it once, when a process begins, before anything is opened that could get the number of a closed one.
    """
    for descriptor in (0, 1, 2):
        _open_on_null(descriptor)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open as long as the process
    sys.stdout = _lossy(1, sys.stdout)
    sys.stderr = _lossy(2, sys.stderr)


def print_result() -> None:
    """Note that what this command prints is its result: see `lost_result`."""
    global _result_printed
    _result_printed = True


def lost_result() -> str:
    """Why a result could not be printed; empty if it was, if the command's result is another, or if its reader left."""
    with suppress(ValueError):
        sys.stdout.flush()
    file = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    lost = file.lost if _result_printed and isinstance(file, LossyFile) else None
    return "" if lost is None or lost.errno in READER_GONE else lost.strerror or str(lost)


def _open_on_null(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        _never_open.add(descriptor)
        null = os.open(os.devnull, os.O_RDWR)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)
        os.set_inheritable(descriptor, True)


def _lossy(descriptor: int, before: TextIO | None) -> TextIO:
    file = LossyFile(descriptor)
    buffered = io.BufferedWriter(file)
    on_terminal = file.isatty()
    error_stream = descriptor == 2
    return io.TextIOWrapper(
        buffered,
        encoding=_encoding(on_terminal, before),
        errors="backslashreplace",
        line_buffering=on_terminal or error_stream,
        write_through=error_stream,
    )


def _encoding(on_terminal: bool, before: TextIO | None) -> str:
    """UTF-8, whatever the locale, so that files and pipes get the same everywhere; a terminal gets what it shows."""
    if os.environ.get("PYTHONIOENCODING") and before is not None:
        return before.encoding
    named = locale.getencoding() if on_terminal else "utf-8"
    return "utf-8" if named.lower() in ("ascii", "us-ascii", "ansi_x3.4-1968") else named
