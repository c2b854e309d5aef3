"""Survey of a folder: rows of unchanged pictures stay, the others are annotated in spans, and a table is merged."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.errors import TRANSIENT, SpecError
from core.images.formats import listed
from core.manifest.part_files import part_names
from core.planning.file_digests import DigestCache, MeasuredFile
from core.planning.library import Asset, scan
from core.progress import StageCallback
from core.safe_text import printable
from core.storage.open_runs import OpenRuns
from core.storage.run_paths import MANIFEST
from core.storage.store import Store
from core.storage.user_folders import use_writable_folders
from core.survey import table
from core.survey.spec import SurveySpec
from core.survey.survey_kinds import SurveyKind
from core.survey.worker import PictureTask, WorkerSetup
from core.survey.worker_pool import SurveyWorkerPool, default_processes

SPAN = 500
"""Pictures that one Prefect task annotates, half a minute to a few minutes of work."""
COMMIT_SECONDS, COMMIT_ROWS = 20.0, 500
"""A part is committed after so long or so many rows: a kill loses no more."""


@dataclass
class SurveyCounts:
    """Pictures of a survey: in all, known before, looked at now, failed; folders that cannot be entered; and
    seconds of work.
    """

    pictures: int = 0
    known: int = 0
    looked: int = 0
    failed: int = 0
    closed: int = 0
    seconds: float = 0.0


class Survey:
    """One survey of one folder. Use it as a context manager: it holds the folder `out` and its processes."""

    def __init__(self, spec: SurveySpec, kind: SurveyKind, tick: StageCallback = lambda *_: None) -> None:
        self.spec, self.kind, self.tick = spec, kind, tick
        self.store, self.counts = Store(spec.out), SurveyCounts()
        self.pending: list[PictureTask] = []
        self.problems: list[str] = []
        self._assets: list[Asset] = []
        self._unknown: Callable[[str], bool] = lambda _: False
        self._held = contextlib.ExitStack()
        self._replaced: list[str] = []
        options = spec.options
        self._digest = kind.digest(options)
        self._revisions: dict[str, str] = {}
        setup = WorkerSetup(os.fspath(spec.pictures), os.fspath(spec.out), kind.annotator, options, spec.max_pixels)
        self.workers = SurveyWorkerPool(setup, spec.processes or default_processes())

    def __enter__(self) -> Survey:
        """Lock and scan the folder, and list the pictures that have no row yet. Raises SpecError, RunBusy, StoreBroken."""
        self.spec.check()
        try:
            self._lock(self._held)
            self._replaced = use_writable_folders(self.store.root)
            self._held.enter_context(self.workers)
            self._check_table()
            self.store.remove_temporary_files()
            self._plan()
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _check_table(self) -> None:
        """Raises SpecError if the folder has the table of another kind of survey."""
        for name in [MANIFEST, *part_names(self.store)]:
            if self.store.exists(name) and (strange := table.strange_columns(self.store, name, self.kind.schema)):
                what = f"out {self.spec.out} has another survey's table (column {printable(strange[0])})"
                raise SpecError(what, "choose another folder.")

    def _lock(self, held: contextlib.ExitStack) -> None:
        """Lock the folder `out`. Raises RunBusy if another process has it."""
        held.enter_context(self.store.lock())

    @property
    def spans(self) -> int:
        """How many spans are pending."""
        return -(-len(self.pending) // SPAN)

    def annotate_span(self, span: int) -> int:
        """Annotate the pictures of a span, committing rows as they come. Returns how many rows it has.

        Raises NocturneError, StoreBroken; what is committed stays.
        """
        rows: list[dict[str, Any]] = []
        begun, count, total = time.monotonic(), 0, len(self.pending)
        committed = begun
        try:
            for row in self.workers.annotate(self.pending[span * SPAN : (span + 1) * SPAN]):
                rows.append({**row, "look": self._look(self._revisions.get(row["asset"], ""))})
                count += 1
                self.counts.looked += 1
                self.counts.failed += row["status"] == "failed"
                self.tick("pictures", self.counts.looked, total)
                if time.monotonic() - committed > COMMIT_SECONDS or len(rows) >= COMMIT_ROWS:
                    table.write_part(self.store, self.kind.schema, rows)
                    rows, committed = [], time.monotonic()
        finally:
            if rows:
                table.write_part(self.store, self.kind.schema, rows)
            self.counts.seconds += time.monotonic() - begun
        return count

    def merge(self) -> pa.Table:
        """Merge the parts into the table. Returns it."""
        return table.merge(self.store, self.kind.schema, [asset.name for asset in self._assets], self._unknown)

    def complete(self) -> pa.Table:
        """Annotate all pending pictures, and merge the table. Returns it."""
        for span in range(self.spans):
            self.annotate_span(span)
        return self.merge()

    def failed_rows(self) -> list[dict[str, Any]]:
        """The rows of pictures that failed, as the table has them."""
        rows = table.read(self.store, self.kind.schema)
        return [row for some in table.batches(rows) for row in some if row["status"] == "failed"]

    def _plan(self) -> None:
        self._assets = self._scanned()
        paths = [os.path.join(self.spec.pictures, asset.file) for asset in self._assets]
        digests = DigestCache()
        measured = digests.measure(paths, self.spec.max_pixels, lambda d, t: self.tick("files hashed", d, t))
        self.problems += digests.notices
        known = self._known()
        lost: list[dict[str, Any]] = []
        for asset, found in zip(self._assets, measured, strict=True):
            if failure := _failure(asset, found):
                lost.append({**failure, "look": self._digest})
            elif known.get(asset.name) == (found.sha256, self._look(found.revision)):
                self.counts.known += 1
            else:
                self._revisions[asset.name] = found.revision
                self.pending.append(PictureTask(asset.name, asset.file, found.sha256))
        self.counts.pictures, self.counts.failed = len(self._assets), len(lost)
        if lost:
            table.write_part(self.store, self.kind.schema, lost)

    def _scanned(self) -> list[Asset]:
        spec, where = self.spec, f"pictures {self.spec.pictures}"
        found = scan(spec.pictures, spec.include, spec.exclude, system_folders=spec.system_folders)
        if not found.assets:
            what = f"{spec.pictures} has no picture to look at{found.why_empty()}"
            raise SpecError(what, f"put {listed()} files there.")
        self.problems, self._unknown = [*self._replaced, *found.passed.sentences(where)], found.passed.hides()
        self.counts.closed = len(found.passed.closed)
        return found.assets

    def _look(self, revision: str) -> str:
        """The column `look` of a picture that is read by rules with this mark."""
        return f"{self._digest} {revision}" if revision else self._digest

    def _known(self) -> dict[str, tuple[str, str]]:
        """SHA-256 and look of the pictures that have a row, by asset. Transient failures are tried again."""
        rows = table.read(self.store, self.kind.schema).select(["asset", "asset_sha256", "reason", "look"])
        return {
            row["asset"]: (row["asset_sha256"], row["look"])
            for some in table.batches(rows)
            for row in some
            if row["reason"] not in TRANSIENT
        }


_surveys: OpenRuns[Survey] = OpenRuns()


def open_survey(
    spec: SurveySpec, kind: SurveyKind, tick: StageCallback = lambda *_: None
) -> contextlib.AbstractContextManager[Survey]:
    """The survey of this rooted spec: what the caller of a flow has begun already, else one begun and ended here.

    Entering raises SpecError, RunBusy, StoreBroken.
    """
    return _surveys.join(spec.out, lambda: Survey(spec, kind, tick))


def survey_of(folder: str | Path) -> Survey:
    """The open survey whose folder `folder` is. Raises KeyError."""
    return _surveys[folder]


def _failure(asset: Asset, found: MeasuredFile) -> dict[str, Any] | None:
    """The row of a picture that cannot be read; None if it can."""
    row = {"asset": asset.name, "asset_sha256": found.sha256 or None, "status": "failed"}
    if asset.problem:
        return {**row, "reason": "unsupported", "message": asset.problem}
    return {**row, "reason": found.reason, "message": found.message} if found.reason else None


def done_rows(survey: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of pictures that did not fail."""
    for some in table.batches(survey):
        yield from (row for row in some if row["status"] == "done")
