"""The worker process: it holds the networks of one device for a whole run, and is alone on it.

Started as `python -m core.engine.worker FD DEVICE MAKER` with its end of a socket pair. When the pipe closes, its
supervisor is gone: it commits what is finished, gives the job in hand a few seconds, and ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from core.engine.backend import GroupMaker, in_groups, load_maker
from core.engine.commit import Committer
from core.engine.cpu_time import Clock
from core.engine.device_lock import owning
from core.engine.executor import Intake
from core.engine.messages import Broken, Close, Drain, Flush, Make, Note, Open, Opened, Ready, Spent, Waiting
from core.engine.parallel_executor import Hands
from core.engine.staged_executor import Pipeline
from core.engine.stages import Stages
from core.errors import NocturneError
from core.manifest import manifest
from core.storage.store import Store

ORPHAN_GRACE = 10.0
"""Seconds that the job in hand may still take when nobody waits for it."""


class Line:
    """The worker's end of the pipe; what it says after the other end is gone is lost in silence."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def tell(self, message: Any) -> None:
        """Send a message; any thread may."""
        with self._lock, contextlib.suppress(OSError):
            self._connection.send(message)

    def hear(self) -> Any:
        """The next message, or None when the supervisor is gone."""
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            return None


def main(fd: int, device: str, maker_name: str) -> None:
    """Serve one supervisor until it closes the pipe."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the supervisor decides; a Ctrl-C reaches the whole group
    line = Line(Connection(fd))
    try:
        kind = load_maker(maker_name)
        resolved = kind.resolve(device)
        with owning(resolved, lambda: line.tell(Waiting(resolved))):
            maker = in_groups(kind(resolved))
            manifest.table([{}])  # Arrow loads pandas at the first row: before the first picture, not beside it
            line.tell(Ready(maker.engine, maker.group))
            opening = line.hear()
            if isinstance(opening, Open):
                _serve(line, maker, opening)
    except NocturneError as error:
        line.tell(Broken(error))


def _serve(line: Line, maker: GroupMaker, opening: Open) -> None:
    store, clock = Store(opening.root), Clock()
    maker.open(store, opening.context)
    committer = Committer(store, line.tell, maker.settle)
    stages = Stages(maker, committer, opening.context["run"], line.tell, clock)
    line.tell(Opened(maker.hands))
    work: Intake = Hands(stages, maker) if maker.hands > 1 else Pipeline(stages)
    threading.Thread(target=_listen, args=(line, work, stages, committer), daemon=True).start()
    work.run()
    line.tell(Spent(*clock.spent(), time.process_time()))


def _listen(line: Line, work: Intake, stages: Stages, committer: Committer) -> None:
    while (message := line.hear()) is not None:
        match message:
            case Make():
                work.submit(message.jobs)
            case Flush():
                work.flush()
            case Drain(grace):
                _drain(line, stages, committer, grace)
            case Close():
                work.finish()
                return
            case _:
                line.tell(Note(f"worker: unknown message {message!r}"))
    stages.drain()
    work.finish()
    _orphaned(stages, committer)


def _drain(line: Line, stages: Stages, committer: Committer, grace: float | None) -> None:
    """Commit what is finished before anything else, since whoever stops a night may not wait for the job in hand."""
    stages.drain()
    try:
        committer.commit()
    except NocturneError as error:
        line.tell(Broken(error))
    if grace is not None:
        _later(grace, stages.abandon)


def _orphaned(stages: Stages, committer: Committer) -> None:
    """Commit, give the jobs in hand their grace, then end whatever they are doing."""
    with contextlib.suppress(NocturneError):
        committer.commit()
    _later(ORPHAN_GRACE, stages.abandon)
    _later(ORPHAN_GRACE + 5.0, os._exit, 1)


def _later(seconds: float, action: Callable[..., None], *arguments: Any) -> None:
    timer = threading.Timer(seconds, action, arguments)
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
