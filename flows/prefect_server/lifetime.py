"""Watcher that ends the server which Prefect started for this process, however the process ends.

Prefect stops it on an orderly exit. After a SIGKILL it would stay, with its 250 MB, and the next night would start another.
"""

from __future__ import annotations

import atexit
import contextlib
import subprocess
import sys

WATCH = 'read _ || kill "$0"'
"""For a shell whose standard input only its parent holds: a line comes before an orderly end, else the pipe just closes."""

_watched: set[int] = set()


def end_with_this_process() -> None:
    """Set a watcher on the server that this process has started, if it has, and no other watches it."""
    module = sys.modules.get("prefect.server.api.server")
    server = module.SubprocessASGIServer().server_process if module else None
    if server is None or server.poll() is not None or server.pid in _watched:
        return
    _watched.add(server.pid)
    with contextlib.suppress(OSError):  # without a shell there is no watcher
        watcher = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, str(server.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        atexit.register(_dismiss, watcher)


def _dismiss(watcher: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        watcher.communicate(b"\n", timeout=5)
