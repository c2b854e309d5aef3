"""Decode pictures in a child process, so that one that hangs or crashes a decoder is reported and the rest goes on.

The child is `python -m core.images.decode_probe FD MAX_PIXELS`: it receives paths, and answers each with the JobError that
reading it raises, or None.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

from core.child_process import ChildProcess
from core.errors import JobError, TimedOut, Unreadable
from core.images import image
from core.images.open_image import quoted
from core.progress import ProgressCallback

PATIENCE = 60.0
"""Seconds that one picture may take."""


def find_faults(
    paths: Sequence[str], max_pixels: int, tick: ProgressCallback | None = None, patience: float = PATIENCE
) -> list[JobError | None]:
    """Decode each picture in a child process: what is wrong with it, or None. `tick(done, total)` is called after each."""
    found: list[JobError | None] = []
    child: ChildProcess | None = None
    try:
        for path in paths:
            child = child or ChildProcess("core.images.decode_probe", str(max_pixels))
            alive, fault = _ask(child, path, patience)
            found.append(fault)
            if not alive:
                _end(child)
                child = None
            if tick is not None:
                tick(len(found), len(paths))
    finally:
        if child is not None:
            _end(child)
    return found


def _ask(child: ChildProcess, path: str, patience: float) -> tuple[bool, JobError | None]:
    """Whether the child can go on, and what is wrong with the picture."""
    child.send(path)
    try:
        if child.connection.poll(patience):
            return True, child.connection.recv()
    except (EOFError, OSError):
        return False, Unreadable(f"{quoted(path)} crashes the decoder", "replace it, or leave it out.")
    late = f"{quoted(path)} was still not decoded after {patience:.0f} s"
    return False, TimedOut(late, "replace it, or leave it out.")


def _end(child: ChildProcess) -> None:
    child.kill()
    child.reap()


def _fault(path: str, max_pixels: int) -> JobError | None:
    try:
        image.read(path, max_pixels)
    except JobError as error:
        return error.with_traceback(None)
    return None


def main(fd: int, max_pixels: int) -> None:
    """Serve until the pipe closes."""
    line = Connection(fd)
    try:
        while True:
            line.send(_fault(line.recv(), max_pixels))
    except (EOFError, OSError):
        return


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
