"""The process that looks at pictures, one after another; what crashes it costs one row.

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
from core.storage.store import Store
from core.survey.kind import Looker, loaded
from core.text import printable, truncated


@dataclass(frozen=True)
class Opening:
    """What a process is told first: where pictures lie and results go, and who is to look at them."""

    pictures: str
    out: str
    looker: str
    options: dict[str, Any]
    max_pixels: int


@dataclass(frozen=True)
class Sight:
    """A picture to be looked at: its portable name, its path below the folder, and its SHA-256."""

    name: str
    file: str
    sha256: str


def main(fd: int) -> None:
    """Serve until the pipe closes: a Sight comes, its row goes back. The first answer is None, or why it cannot serve."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # whoever began it decides; a Ctrl-C reaches the whole group
    line = Connection(fd)
    try:
        opening: Opening = line.recv()
        try:
            looker = loaded(opening.looker, opening.options)
        except NocturneError as error:
            return line.send(error)
        line.send(None)
        while True:
            line.send(_answer(looker, opening, line.recv()))
    except (EOFError, OSError):
        return None


def _answer(looker: Looker, opening: Opening, sight: Sight) -> dict[str, Any] | StoreBroken:
    try:
        return _row(looker, opening, sight)
    except StoreBroken as error:  # nothing more can be written
        return error


def _row(looker: Looker, opening: Opening, sight: Sight) -> dict[str, Any]:
    begun = time.perf_counter()
    row: dict[str, Any] = {"asset": sight.name, "asset_sha256": sight.sha256, "status": "done"}
    try:
        row |= _seen(looker, opening, sight)
    except JobError as error:
        row |= failed(error)
    except StoreBroken:
        raise
    except MemoryError:
        row |= failed(OutOfMemory(f"{sight.name}: no memory left to look at it", "run again with fewer `processes`."))
    except Exception as error:  # a row says so; the others go on
        words = truncated(printable(" ".join(str(error).split())))
        fault = f"{sight.name}: a fault in Nocturne ({type(error).__name__}: {words}); leave it out by `exclude`."
        row |= failed(Internal(fault))
    row["seconds"] = time.perf_counter() - begun
    return row


def _seen(looker: Looker, opening: Opening, sight: Sight) -> dict[str, Any]:
    picture = image.read(os.path.join(opening.pictures, sight.file), opening.max_pixels)
    found = looker.look(picture, sight.name)
    store = Store(opening.out)
    for name, data in found.files.items():
        store.put(name, data)
    values = {name: _finite(value) for name, value in found.values.items()}
    return {"width": picture.size.width, "height": picture.size.height, **values}


def failed(error: JobError) -> dict[str, Any]:
    """The columns that say why there is nothing else."""
    return {"status": "failed", "reason": error.reason, "message": str(error)}


def _finite(value: Any) -> Any:
    """A table says `null` where a number means nothing."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    main(int(sys.argv[1]))
