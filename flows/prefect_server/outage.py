"""Exit without waiting for a Prefect server that does not answer any more.

Prefect tries for minutes to tell a server that does not answer how a flow ended, and then for seconds each event that it
has not sent. The run's folder says it all, so whoever waits for the command need not wait for that.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator

from flows.prefect_server.environment import reachable

LOOK_EVERY = 3.0
"""Seconds between two looks at a server."""

LOOKS = 2
"""Looks in a row at which a server must not answer before it is left."""


def leave_if_server_is_gone(code: int) -> None:
    """End the process at once with `code` if a server is named and does not answer."""
    address = os.environ.get("PREFECT_API_URL")
    if address and not reachable(address):
        _leave(code)


@contextlib.contextmanager
def exit_if_server_is_gone(over: threading.Event, report: Callable[[], int]) -> Iterator[None]:
    """While the block runs: once the night is `over`, if the server is gone, `report` and end the process with what it
    returns. `report` may return less than 0 to let the block go on.
    """
    address = os.environ.get("PREFECT_API_URL")
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(address, over, ended, report), daemon=True)
    if address:
        watcher.start()
    try:
        yield
    finally:
        ended.set()


def _watch(address: str, over: threading.Event, ended: threading.Event, report: Callable[[], int]) -> None:
    over.wait()
    looks = 0
    while looks < LOOKS:
        if ended.wait(LOOK_EVERY):
            return
        looks = 0 if reachable(address) else looks + 1
    code = report()
    if code >= 0 and not ended.is_set():
        _leave(code)


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
