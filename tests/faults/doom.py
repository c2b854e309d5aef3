"""Kills a process at a named step: the n-th time that a kind of file is put, at one of the moments of putting it.

    DOOM='{"role": "worker", "file": "output", "moment": "renamed", "nth": 3, "victim": "group"}'

`role` is who dies there (`parent` or `worker`), `victim` whether it takes the whole process group with it. With the victim
`disk` nobody dies: from there on the disk is full. If `mark` names a file, only the first one there dies: a worker that
takes the place of a dead one lives.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from core.storage import run_paths
from core.storage.store import Store

MOMENTS = ("before", "half", "written", "renamed")
"""Moments of a put: nothing was done, half of the temporary file is there, all of it, and it has its final name."""

REMOVALS = ("before removal", "removed")
FILES = {
    "output": run_paths.OUTPUTS,
    "thumb": run_paths.THUMBS,
    "part": run_paths.PARTS,
    "spec": run_paths.SPEC,
    "plan": run_paths.PLAN,
    "manifest": run_paths.MANIFEST,
    "csv": run_paths.MANIFEST_CSV,
    "gallery": "gallery",
    "night": run_paths.NIGHTS,
}
"""Kinds of file in a run folder, by the beginning of their names."""

_counts: Counter[tuple[str, str]] = Counter()
_putting = threading.local()


def arm(role: str) -> None:
    """Let this process die where DOOM says, if it says so of this role."""
    wanted = json.loads(os.environ.get("DOOM", "{}"))
    if wanted.get("role") != role or Path(wanted.get("mark", "/nowhere")).exists():
        return
    put, remove, fsync = Store.put, Store.remove, os.fsync

    def doomed_put(store: Store, name: str, data: bytes) -> None:
        _putting.file = kind(name)
        _reached(wanted, "before")
        put(store, name, data)
        _reached(wanted, "renamed")

    def doomed_fsync(fd: int) -> None:
        if _due(wanted, "half"):
            os.ftruncate(fd, os.fstat(fd).st_size // 2)
            _die(wanted)
        fsync(fd)
        _reached(wanted, "written")

    def doomed_remove(store: Store, name: str) -> None:
        _putting.file = kind(name)
        _reached(wanted, "before removal")
        remove(store, name)
        _reached(wanted, "removed")

    Store.put, Store.remove, os.fsync = doomed_put, doomed_remove, doomed_fsync  # type: ignore[method-assign]


def kind(name: str) -> str:
    """The kind of a file of the run folder."""
    return next((kind for kind, start in FILES.items() if name.startswith(start)), "other")


def _due(wanted: dict[str, Any], moment: str) -> bool:
    file = getattr(_putting, "file", "other")
    if (file, moment) != (wanted["file"], wanted["moment"]):
        return False
    _counts[file, moment] += 1
    return _counts[file, moment] == wanted["nth"]


def _reached(wanted: dict[str, Any], moment: str) -> None:
    if _due(wanted, moment):
        _die(wanted)


def _die(wanted: dict[str, Any]) -> None:
    if wanted["victim"] == "disk":

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        os.fsync = full
        full(0)
    if "mark" in wanted:
        Path(wanted["mark"]).touch()
    if wanted["victim"] == "group":
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
