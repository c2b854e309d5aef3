"""Tables of a plan, of a night's end or a run's state, and of failed jobs."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from core.planning.planner import PlanSummary
from core.report.summary import RunSummary, duration
from core.safe_text import printable
from flows.console import plain_table

APART = frozenset({"low_score", "near_duplicate"})
"""Reasons of pictures that were made and rejected."""


def plan_table(summary: PlanSummary, free: int | None, calibrated: bool = True) -> Table:
    """The plan in a few lines; `free` is the disk's free room in bytes, if it tells."""
    room = "" if free is None else f" of {free / 1e6:,.0f} MB free"
    table = plain_table()
    rows = [
        ("seeds", f"{summary.seeds:,}")
        if summary.seeds
        else ("assets x styles", f"{summary.assets:,} x {summary.styles:,}"),
        ("jobs", f"{summary.total:,}"),
        ("done before", f"{summary.done:,}"),
        ("failed before", f"{summary.kept:,}"),
        ("cannot be made", f"{summary.failed:,}"),
        ("left for another night", f"{summary.waiting:,}"),
        ("taken over from equal jobs", f"{summary.copy + summary.adopt:,}"),
        ("to make", f"{summary.todo:,} in {summary.shards:,} shards"),
        (
            "predicted time",
            duration(summary.seconds) + ("" if calibrated else " (a guess: nothing was made here yet)"),
        ),
        ("predicted disk", f"{summary.bytes / 1e6:,.1f} MB{room}"),
        ("passed over", _passed_over(summary)),
    ]
    always = {"assets x styles", "seeds", "jobs", "done before", "to make", "predicted time", "predicted disk"}
    for name, value in rows:
        if name in always or any(digit in "123456789" for digit in value):
            table.add_row(name, value)
    return table


def _passed_over(summary: PlanSummary) -> str:
    """What no job is made of, as far as there is any."""
    counts = {
        "hidden": summary.hidden,
        "not pictures": summary.others,
        "linked folders": summary.linked_folders,
        "run folders": summary.run_folders,
        "system folders": summary.system_folders,
        "folders that cannot be entered": summary.closed_folders,
    }
    one = {what: what.replace("folders", "folder") for what in counts}
    return ", ".join(f"{count:,} {one[what] if count == 1 else what}" for what, count in counts.items() if count)


def end_table(summary: RunSummary, made: int, elapsed: float | None) -> Table:
    """The end of a night, or the state of a run: made, failed and why, time."""
    table = plain_table()
    if elapsed is not None:
        table.add_row("made tonight", f"{made:,} in {duration(elapsed)}")
    table.add_row("done", f"{summary.done:,} of {summary.total:,}")
    for reason, count in summary.reasons.items():
        table.add_row("kept apart" if reason in APART else Text("failed", "red"), f"{count:,} {reason}")
    if summary.pending:
        table.add_row("pending", f"{summary.pending:,}")
    if summary.median_score is not None:
        table.add_row("median score", f"{summary.median_score:.2f}")
    return table


def faults_table(rows: list[dict[str, Any]], most: int = 10) -> Table:
    """Failed jobs with their reasons and what to do; those with one message share a line."""
    together: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        together.setdefault((row["reason"] or "", row["message"] or ""), []).append(row["output"])
    table = plain_table()
    for header in ("output", "reason", "message"):
        table.add_column(header, overflow="fold")  # a path is worth nothing with its end cut off
    for (reason, message), outputs in list(together.items())[:most]:
        more = f" and {len(outputs) - 1:,} more" if len(outputs) > 1 else ""
        table.add_row(*(Text(printable(cell)) for cell in (outputs[0] + more, reason, message)))
    if len(together) > most:
        table.add_row(f"... and {len(together) - most:,} more; `nocturne manifest DIR --failed`", "", "")
    return table
