"""When finished rows go to disk: after each job of 10 s or more, else every 30 s. A kill loses at most that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from core import manifest
from core.engine.messages import Committed, Outcome
from core.store import Store

LONG_JOB = 10.0
"""Seconds from which a job is committed by itself."""

INTERVAL = 30.0
"""Most seconds that a finished row waits."""


class Committer:
    """Gathers finished rows and commits them as parts; safe to call from several threads."""

    def __init__(self, store: Store, announce: Callable[[Committed], None]) -> None:
        self._store, self._announce = store, announce
        self._lock = threading.Lock()
        self._rows: list[dict[str, Any]] = []
        self._oldest = 0.0

    def add(self, row: dict[str, Any]) -> None:
        """Take a finished row; it is committed at once if its job was long. Raises StorageFailed."""
        with self._lock:
            if not self._rows:
                self._oldest = time.monotonic()
            self._rows.append(row)
        if row["seconds"] >= LONG_JOB:
            self.commit()
        self.commit_if_due()

    def commit_if_due(self) -> None:
        """Commit if the oldest row has waited long enough. Raises StorageFailed."""
        with self._lock:
            due = bool(self._rows) and time.monotonic() - self._oldest >= INTERVAL
        if due:
            self.commit()

    def commit(self) -> None:
        """Commit now. Raises StorageFailed; the rows are then kept for the next try."""
        with self._lock:
            if not self._rows:
                return
            manifest.write_part(self._store, self._rows)
            outcomes = tuple(_outcome(row) for row in self._rows)
            self._rows = []
        self._announce(Committed(outcomes))


def _outcome(row: dict[str, Any]) -> Outcome:
    return Outcome(
        row["output"], row["status"], row.get("reason"), row.get("message"), row["seconds"], row.get("score")
    )
