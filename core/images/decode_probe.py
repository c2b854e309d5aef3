"""Trying whether pictures decode whole, in a child process: one that hangs or crashes a decoder costs a sentence, no more.

The child is `python -m core.images.decode_probe MAX_PIXELS`: it reads a path a line and answers each with a line, both as
JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from core.errors import JobError, TimedOut, Unreadable
from core.images import image
from core.images.open_image import quoted
from core.progress import ProgressCallback

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds that one picture may take."""

ERRORS = {kind.reason: kind for kind in JobError.__subclasses__()}
"""The exception of each manifest reason."""


def find_faults(
    paths: Sequence[str], max_pixels: int, tick: ProgressCallback | None = None, patience: float = PATIENCE
) -> list[JobError | None]:
    """What is wrong with each picture, None if it decodes. `tick(done, total)` is called after each."""
    found: list[JobError | None] = []
    child: subprocess.Popen[str] | None = None
    try:
        for path in paths:
            child = child or _started(max_pixels)
            answer = _asked(child, path, patience)
            if answer is None:
                found.append(_buried(child, path, patience))
                child = None
            else:
                found.append(ERRORS[answer[0]](*answer[1:]) if answer else None)
            if tick is not None:
                tick(len(found), len(paths))
    finally:
        if child is not None:
            _end(child)
    return found


def _started(max_pixels: int) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "core.images.decode_probe", str(max_pixels)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def _asked(child: subprocess.Popen[str], path: str, patience: float) -> list[str] | None:
    """The child's answer, empty for a good picture; None if it died or took too long."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(path) + "\n")
        child.stdin.flush()
    except OSError:
        return None
    ready, _, _ = select.select([child.stdout], [], [], patience)
    line = child.stdout.readline() if ready else ""
    return json.loads(line) if line else None


def _buried(child: subprocess.Popen[str], path: str, patience: float) -> JobError:
    """Why a child did not answer; it is ended."""
    try:
        child.wait(1.0)
        crashed = True
    except subprocess.TimeoutExpired:
        crashed = False
    _end(child)
    if crashed:
        return Unreadable(f"{quoted(path)} crashes the decoder", "replace it, or leave it out.")
    return TimedOut(f"{quoted(path)} was still not decoded after {patience:.0f} s", "replace it, or leave it out.")


def _end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what it was never sent
                pipe.close()


def _serve(lines: IO[str], answers: IO[str], max_pixels: int) -> None:
    for line in lines:
        fault: list[str] = []
        try:
            image.read(json.loads(line), max_pixels)
        except JobError as error:
            fault = [error.reason, error.what, error.remedy]
        answers.write(json.dumps(fault) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve(sys.stdin, sys.stdout, int(sys.argv[1]))
