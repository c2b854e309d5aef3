"""Base class of planners: decides each job's state (todo, copy, adopt, failed, kept, waiting) and its shard.

Making a plan only looks; core.planning.plan_file puts it into the run folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

import pyarrow as pa

from core.planning.jobs import FILE_FIELDS, Job, OutputNames
from core.planning.reuse import PLACE_REASONS, finished_jobs
from core.planning.run_context import RunContext
from core.planning.shards import MAX_JOBS, Sharder
from core.progress import StageCallback
from core.storage.passed_over import PassedOver

PlanFault = tuple[str, str]
"""Why a job cannot be made: a manifest reason and its sentence."""

_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64()}
PLAN_SCHEMA = pa.schema(
    [(name, pa.binary() if name in FILE_FIELDS else _ARROW[kind]) for name, kind in get_type_hints(Job).items()]
    + [
        ("state", pa.string()),
        ("shard", pa.int32()),
        ("source_run", pa.string()),
        ("source", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
    ]
)
"""A job's fields, and what the plan decided of it. `state` is one of

- `todo`: to be made, in shard `shard`;
- `copy`: has the key of the job `source` of this plan, made once and copied;
- `adopt`: has the key of the done job `source` of the run `source_run`;
- `failed`: cannot be made, for `reason`;
- `kept`: its row of an earlier night stands, done or failed;
- `waiting`: left for another night.
"""

BATCH = 20_000


@dataclass
class PlanSummary:
    """What a plan holds; `seconds` and `bytes` are predictions for what is to be made."""

    total: int = 0
    todo: int = 0
    copy: int = 0
    adopt: int = 0
    failed: int = 0
    done: int = 0
    kept: int = 0
    waiting: int = 0
    shards: int = 0
    seconds: float = 0.0
    bytes: float = 0.0
    assets: int = 0
    styles: int = 0
    seeds: int = 0
    hidden: int = 0
    others: int = 0
    linked_folders: int = 0
    run_folders: int = 0
    system_folders: int = 0
    closed_folders: int = 0
    choice: str = ""
    """Which recipe was chosen, where the spec left that to the plan, and what changes by it; a sentence or two."""

    def pass_over(self, passed: PassedOver) -> None:
        """Add what a scan passed over."""
        self.hidden += passed.hidden
        self.others += passed.others
        self.linked_folders += len(passed.linked)
        self.run_folders += len(passed.runs)
        self.system_folders += len(passed.system)
        self.closed_folders += len(passed.closed)

    @property
    def work(self) -> int:
        """Jobs that tonight will make or take over."""
        return self.todo + self.copy + self.adopt


@dataclass
class Plan:
    """A night's plan: its jobs as an Arrow table with PLAN_SCHEMA, and what else a worker must know."""

    jobs: pa.Table
    context: RunContext
    summary: PlanSummary
    problems: list[str] = field(default_factory=list)
    """A sentence for each input, such as a style, that cannot be used, and for folders that were not entered."""
    hides: Callable[[str | None, str | None], bool] = lambda *_: False
    """Tells of an asset and a style that no job names whether they may lie in a folder that cannot be entered."""

    def record(self) -> dict[str, Any]:
        """The plan's counts and problems as plain values."""
        return {**asdict(self.summary), "problems": self.problems}


class Planner:
    """Walks the jobs of a spec once. A kind of run says what they are: `rows` gives each with its `fault`, if any, and
    its predicted `bytes`, and `place` decides of it.
    """

    def __init__(
        self,
        out: Path,
        reuse: Sequence[Path],
        shard_seconds: float,
        retry: bool,
        tick: StageCallback,
        most: int = MAX_JOBS,
        again: bool = False,
    ) -> None:
        """`again`: what failed has been tried tonight, and waits for another night."""
        self.retry, self.tick, self._again = retry, tick, again
        self.summary = PlanSummary()
        self.finished = finished_jobs(out, reuse)
        self.names = OutputNames(self.finished.rows, self.finished.made())
        self._first: dict[str, str] = {}
        self._sharder = Sharder(shard_seconds, most)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The plan's rows, in order, each of them placed."""
        raise NotImplementedError

    def table(self) -> pa.Table:
        """Every job of the spec, up to its limit, with PLAN_SCHEMA."""
        batches: list[pa.RecordBatch] = []
        rows: list[dict[str, Any]] = []
        for row in self.rows():
            rows.append(row)
            if len(rows) == BATCH:
                batches.append(pa.RecordBatch.from_pylist(rows, schema=PLAN_SCHEMA))
                self.tick("plan jobs", self.summary.total, 0)
                rows = []
        batches.append(pa.RecordBatch.from_pylist(rows, schema=PLAN_SCHEMA))
        self.summary.shards = self._sharder.count
        return pa.Table.from_batches(batches, PLAN_SCHEMA)

    def place(
        self, row: dict[str, Any], fault: PlanFault | None, size: float, before: int = 0, at_once: float = 1.0
    ) -> dict[str, Any]:
        """Decide the state of a job, which would take `size` bytes on disk, and count it. Returns its whole row.

        `before`: how often its picture was tried by other jobs. `at_once`: how many such jobs are made at once.
        """
        row.update(self._decision(row["output"], row["key"], fault, before))
        self._count(row, size, at_once)
        return row

    def _decision(self, output: str, key: str, fault: PlanFault | None, before: int) -> dict[str, Any]:
        """The state of one job, by what is wrong with its files and by what earlier nights made."""
        earlier = self.finished.rows.get(output)
        same = earlier is not None and earlier.key == key
        tried = earlier.tries() if earlier and same else before
        if self.finished.is_made(output, key):
            return {"state": "kept", "status": "done", "attempt": tried}
        if fault is not None:
            return {"state": "failed", "reason": fault[0], "message": fault[1], "attempt": before + 1}
        failed = earlier is not None and earlier.status == "failed"
        if self.retry and not failed:
            return {"state": "waiting", "attempt": tried}
        if earlier and same and failed and not self.retry and (self._again or not earlier.worth_another_try(before)):
            return {"state": "kept", "attempt": tried}
        return {**self._placed(output, key), "attempt": tried + 1}

    def _placed(self, output: str, key: str) -> dict[str, Any]:
        """Where a job's picture comes from: another job of equal key, or the worker."""
        taken = self.finished.source(key)
        if taken is not None:
            return {"state": "adopt", "source_run": taken[0], "source": taken[1]}
        earlier = self.finished.rows.get(output)
        if earlier and earlier.key == key and earlier.status == "failed" and earlier.reason in PLACE_REASONS:
            return {"state": "todo"}  # for itself: the next equal job is the first of the others
        first = self._first.setdefault(key, output)
        return {"state": "todo"} if first == output else {"state": "copy", "source": first}

    def _count(self, row: dict[str, Any], size: float, at_once: float) -> None:
        summary, state = self.summary, row["state"]
        summary.total += 1
        done = row.pop("status", None) == "done"
        setattr(summary, "done" if done else state, getattr(summary, "done" if done else state) + 1)
        if state == "todo":
            row["shard"] = self._sharder.place(row["seconds"])
            summary.seconds += row["seconds"] / at_once
        if state in ("todo", "copy", "adopt"):
            summary.bytes += size
