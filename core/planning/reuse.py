"""Reuse of finished jobs: rows of earlier nights by output, and done jobs of this and other runs by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from core.errors import TRANSIENT
from core.manifest import manifest
from core.safe_text import comparable
from core.storage.run_paths import OUTPUTS, REJECTED, output_path, picture_paths
from core.storage.store import Store

MAX_ATTEMPTS = 3
"""Nights that a job with a passing reason is tried without being asked."""


PLACE_REASONS = frozenset({"storage", "missing", "changed"})
"""Reasons that lie in where a job's files are, not in what they hold: an equal job elsewhere may be made."""


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """What the manifest says of an output before tonight."""

    key: str
    status: str
    reason: str | None
    attempt: int
    score: float | None = None

    def tries(self) -> int:
        """How often the job was tried to its end; a planned try that a kill cut short does not count."""
        return self.attempt if self.status != "pending" else max(0, self.attempt - 1)

    def worth_another_try(self, before: int = 0) -> bool:
        """Whether a failed job's reason may be gone by now; `before` tries were of other jobs."""
        return self.reason in TRANSIENT and self.attempt - before < MAX_ATTEMPTS


@dataclass
class FinishedJobs:
    """The rows of this run by output, the pictures that lie in its folder, and done jobs of all runs by key."""

    rows: dict[str, EarlierRow] = field(default_factory=dict)
    run: Path | None = None
    files: set[str] = field(default_factory=set)
    by_key: dict[str, tuple[str, str]] = field(default_factory=dict)

    def is_made(self, output: str, key: str) -> bool:
        """Whether this very job is done, or was and is kept apart, and its picture still there."""
        row = self.rows.get(output)
        if row is None or row.status not in ("done", "rejected") or row.key != key:
            return False
        return any(map(self._is_there, picture_paths(output, row.status)))

    def made(self) -> Iterator[tuple[str, str]]:
        """Output and key of every row of this run whose picture is there."""
        return ((output, row.key) for output, row in self.rows.items() if self.is_made(output, row.key))

    def _is_there(self, path: str) -> bool:
        """Whether a picture lies in the run's folder, which may be on a volume that has spelt its name otherwise."""
        if path in self.files:
            return True
        return self.run is not None and comparable(path) in self._forms and Store(self.run).exists(path)

    @cached_property
    def _forms(self) -> set[str]:
        return {comparable(name) for name in self.files}

    def source(self, key: str) -> tuple[str, str] | None:
        """The run folder and output from which an equal job can be taken, if its file is still there."""
        found = self.by_key.get(key)
        if found is None or not Store(found[0]).exists(output_path(found[1])):
            return None
        return found


def finished_jobs(out: Path, reuse: Sequence[Path]) -> FinishedJobs:
    """Read this run's manifest and those of the runs to reuse; a run that does not exist yet has made nothing."""
    finished = FinishedJobs(run=out)
    for run in [*reversed(reuse), out]:  # this run's own pictures come first
        store = Store(run)
        for output, key, status, reason, attempt, score in _rows(store):
            if status == "done":
                finished.by_key[key] = (str(run), output)
            if run == out:
                finished.rows[output] = EarlierRow(key, status, reason, attempt or 0, score)
    finished.files = {name for folder in (OUTPUTS, REJECTED) for name in Store(out).names(folder)}
    return finished


def _rows(store: Store) -> list[tuple[str, str, str, str | None, int | None, float | None]]:
    rows = manifest.read(store, ["output", "key", "status", "reason", "attempt", "score"])
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))
