"""Worker process of one device: holds its networks for a whole run, runs jobs, commits rows.

Started as `python -m core.engine.worker FD DEVICE BACKEND` with its end of a socket pair. When the pipe closes, its
supervisor is gone: it commits what is finished, gives the job in work a few seconds, and ends.
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

from core.engine.backend import Backend, StreamBackend, load_backend
from core.engine.commit import Committer
from core.engine.cpu_time import CpuTimer
from core.engine.device_lock import hold_device
from core.engine.executor import Executor
from core.engine.messages import (
    CannotWork,
    Close,
    CpuSpent,
    Drain,
    Flush,
    Make,
    Note,
    Open,
    Opened,
    Ready,
    Resolved,
    WaitingForDevice,
)
from core.engine.parallel_executor import ParallelExecutor
from core.engine.staged_executor import StagedExecutor
from core.engine.stages import Stages
from core.engine.streamed_executor import StreamedExecutor
from core.errors import NocturneError
from core.manifest import manifest
from core.storage.store import Store

ORPHAN_GRACE = 10.0
"""Seconds that the job in work may still take when no supervisor waits for it."""


class SupervisorPipe:
    """The worker's end of the pipe; messages sent after the other end is closed are dropped."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: Any) -> None:
        """Send a message; for several threads."""
        with self._lock, contextlib.suppress(OSError):
            self._connection.send(message)

    def receive(self) -> Any:
        """The next message, or None when the supervisor is gone."""
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            return None


def main(fd: int, device: str, backend_name: str) -> None:
    """Serve one supervisor until it closes the pipe."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the supervisor decides; a Ctrl-C reaches the whole group
    pipe = SupervisorPipe(Connection(fd))
    try:
        backend_class = load_backend(backend_name)
        resolved, *others = backend_class.resolve(device).split(",")
        pipe.send(Resolved(resolved, tuple(others)))
        identity = backend_class.identity(resolved)
        with hold_device(identity, lambda: pipe.send(WaitingForDevice(resolved, identity))):
            backend = backend_class(resolved)
            manifest.table([{}])  # Arrow loads pandas at the first row: before the first picture, not beside it
            pipe.send(Ready(backend.engine, backend.group, identity))
            opening = pipe.receive()
            if isinstance(opening, Open):
                _serve(pipe, backend, opening)
    except NocturneError as error:
        pipe.send(CannotWork(error))


def _serve(pipe: SupervisorPipe, backend: Backend, opening: Open) -> None:
    store, timer = Store(opening.root), CpuTimer()
    store.hold_root()
    backend.open(store, opening.context)
    committer = Committer(store, pipe.send, backend.flush_outputs)
    stages = Stages(backend, committer, opening.context, pipe.send, timer)
    executor = _executor(backend, stages)
    pipe.send(Opened(executor.parallel, isinstance(executor, StreamedExecutor)))
    threading.Thread(target=_listen, args=(pipe, executor, stages, committer), daemon=True).start()
    executor.run()
    pipe.send(CpuSpent(*timer.spent(), time.process_time()))


def _executor(backend: Backend, stages: Stages) -> Executor:
    """What suits the run that is open."""
    if isinstance(backend, StreamBackend) and backend.stream is not None:
        return StreamedExecutor(stages, backend, backend.stream)
    return ParallelExecutor(stages, backend) if backend.parallel_groups > 1 else StagedExecutor(stages)


def _listen(pipe: SupervisorPipe, executor: Executor, stages: Stages, committer: Committer) -> None:
    while (message := pipe.receive()) is not None:
        match message:
            case Make():
                executor.submit(message.jobs)
            case Flush():
                executor.flush()
            case Drain(grace):
                _drain(pipe, stages, committer, grace)
            case Close():
                executor.finish()
                return
            case _:
                pipe.send(Note(f"worker: unknown message {message!r}"))
    stages.drain()
    executor.finish()
    _end_as_orphan(stages, committer)


def _drain(pipe: SupervisorPipe, stages: Stages, committer: Committer, grace: float | None) -> None:
    """Commit what is finished before anything else, since whoever stops a night may not wait for the job in work."""
    stages.drain()
    try:
        committer.commit()
    except NocturneError as error:
        pipe.send(CannotWork(error))
    if grace is not None:
        _after(grace, stages.abandon)


def _end_as_orphan(stages: Stages, committer: Committer) -> None:
    """Commit, give the jobs in work ORPHAN_GRACE, then end whatever they are doing."""
    with contextlib.suppress(NocturneError):
        committer.commit()
    _after(ORPHAN_GRACE, stages.abandon)
    _after(ORPHAN_GRACE + 5.0, os._exit, 1)


def _after(seconds: float, action: Callable[..., None], *arguments: Any) -> None:
    timer = threading.Timer(seconds, action, arguments)
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
