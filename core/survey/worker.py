"""Worker process of a survey: annotates one picture after another; a crash costs one row.

Started as `python -m core.survey.worker FD` with its end of a socket pair. When the pipe closes it ends.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from core.errors import Internal, JobError, NocturneError, OutOfMemory, StoreBroken
from core.images import image
from core.safe_text import printable, truncated
from core.storage.store import Store
from core.survey.annotator import Annotator, load_annotator


@dataclass(frozen=True)
class WorkerSetup:
    """First message to a worker: the folders of pictures and results, and the annotator with its options."""

    pictures: str
    out: str
    annotator: str
    options: dict[str, Any]
    max_pixels: int


@dataclass(frozen=True)
class PictureTask:
    """A picture to annotate: its portable name, its path below the folder, and its SHA-256."""

    name: str
    file: str
    sha256: str


def main(fd: int) -> None:
    """Serve until the pipe closes: a PictureTask comes, its row goes back. The first answer is None, or the error."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # whoever began it decides; a Ctrl-C reaches the whole group
    line = Connection(fd)
    try:
        setup: WorkerSetup = line.recv()
        try:
            annotator = load_annotator(setup.annotator, setup.options)
        except NocturneError as error:
            return line.send(error)
        line.send(None)
        while True:
            line.send(_answer(annotator, setup, line.recv()))
    except (EOFError, OSError):
        return None


def _answer(annotator: Annotator, setup: WorkerSetup, task: PictureTask) -> dict[str, Any] | StoreBroken:
    try:
        return _row(annotator, setup, task)
    except StoreBroken as error:  # nothing more can be written
        return error


def _row(annotator: Annotator, setup: WorkerSetup, task: PictureTask) -> dict[str, Any]:
    begun = time.perf_counter()
    row: dict[str, Any] = {"asset": task.name, "asset_sha256": task.sha256, "status": "done"}
    try:
        row |= _annotated(annotator, setup, task)
    except JobError as error:
        row |= failure_columns(error)
    except StoreBroken:
        raise
    except MemoryError:
        row |= failure_columns(
            OutOfMemory(f"{task.name}: no memory left to look at it", "run again with fewer `processes`.")
        )
    except Exception as error:  # a row says so; the others go on
        words = truncated(printable(" ".join(str(error).split())))
        fault = f"{task.name}: a fault in Nocturne ({type(error).__name__}: {words}); leave it out by `exclude`."
        row |= failure_columns(Internal(fault))
    row["seconds"] = time.perf_counter() - begun
    return row


def _annotated(annotator: Annotator, setup: WorkerSetup, task: PictureTask) -> dict[str, Any]:
    picture = image.read(os.path.join(setup.pictures, task.file), setup.max_pixels)
    annotation = annotator.annotate(picture, task.name)
    store = Store(setup.out)
    for name, data in annotation.files.items():
        store.put(name, data)
    values = {name: _finite(value) for name, value in annotation.values.items()}
    return {"width": picture.size.width, "height": picture.size.height, **values}


def failure_columns(error: JobError) -> dict[str, Any]:
    """The columns that say why there is nothing else."""
    return {"status": "failed", "reason": error.reason, "message": str(error)}


def _finite(value: Any) -> Any:
    """A table says `null` where a number means nothing."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    main(int(sys.argv[1]))
