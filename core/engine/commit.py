"""Commit of finished rows as parts: often enough that a kill costs at most 30 s of work, or one longer job."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.engine.messages import Committed, Outcome
from core.errors import JobError
from core.manifest import manifest
from core.storage.store import Store

LONG_JOB = 10.0
"""Seconds from which a job, or a group of jobs, is committed by itself."""

INTERVAL = 18.0
"""Seconds since the first job that is not committed was begun, from which rows are committed. The next job may add just
under LONG_JOB to it.
"""

MANY_ROWS = 2_000
"""Rows from which they are committed while others are made: quick jobs would all be left to the end of a night."""


class Committer:
    """Gathers finished rows and commits them as parts; safe to call from several threads.

    `flush_outputs` is called before: it has the outputs on the disk under their names, and says which cannot be. Times are
    `time.monotonic()`: nothing depends on the wall clock.
    """

    def __init__(
        self,
        store: Store,
        announce: Callable[[Committed], None],
        flush_outputs: Callable[[], Mapping[str, JobError]] = dict,
    ) -> None:
        self._store, self._announce, self._flush_outputs = store, announce, flush_outputs
        self._lock, self._committing = threading.Lock(), threading.Lock()
        self._rows: list[pa.Table] = []
        self._unplaced: dict[str, JobError] = {}
        self._oldest = 0.0

    def add(self, rows: pa.Table, begun: float) -> None:
        """Take the rows of a group that was begun then; a long one is committed at once. Raises as `commit` does."""
        with self._lock:
            self._oldest = min(self._oldest, begun) if self._rows else begun
            self._rows.append(rows)
            many = sum(len(table) for table in self._rows) >= MANY_ROWS
        if many or (pc.sum(rows["seconds"]).as_py() or 0.0) >= LONG_JOB:
            self.commit()
        self.commit_if_due()

    def commit_if_due(self) -> None:
        """Commit if a kill would cost too much by now. Raises as `commit` does."""
        with self._lock:
            due = bool(self._rows) and time.monotonic() - self._oldest >= INTERVAL
        if due:
            self.commit()

    def commit(self) -> None:
        """Commit now. Raises StorageFailed or StoreBroken; the rows are then kept for the next try."""
        with self._committing:
            with self._lock:
                taken, self._rows, oldest = self._rows, [], self._oldest
            if not taken:
                return
            try:
                rows = self._put(taken)
            except BaseException:
                with self._lock:
                    self._rows, self._oldest = taken + self._rows, oldest
                raise
            outcomes = tuple(map(Outcome, *(rows[name].to_pylist() for name in Outcome._fields)))
        self._announce(Committed(outcomes))

    def _put(self, taken: list[pa.Table]) -> pa.Table:
        """Have rows and what they name on the disk. While that lasts, others may add to the next ones."""
        self._unplaced.update(self._flush_outputs())
        rows = pa.concat_tables(taken)
        if self._unplaced:
            rows = manifest.table(self._row_of(row) for row in rows.to_pylist())
        manifest.write_part(self._store, rows)
        return rows

    def _row_of(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row, which is of a failed job if its output was made and could not be given its name."""
        error = self._unplaced.get(row["output"])
        return row if error is None else {**row, "status": "failed", "reason": error.reason, "message": str(error)}
