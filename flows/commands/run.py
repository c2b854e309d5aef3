"""`nocturne run`, `nocturne sample` and `nocturne retry`: a night started from the terminal."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from core.config.run_spec import RunSpec
from core.errors import NocturneError, Stopped
from core.manifest import manifest
from core.planning.night_records import record_night
from core.planning.plan_file import begin_night
from core.planning.planner import Plan
from core.report.gallery import build_gallery
from core.report.summary import RunSummary, summarise
from core.runs.finalise import finalise
from core.runs.session import RunSession
from core.storage.store import Store
from flows.commands.flow_call import call_flow, prepare_prefect
from flows.commands.signals import handle_signal, stop_on_ctrl_c
from flows.console import console, print_line
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.live_display import NightDisplay
from flows.prefect_server.outage import exit_if_server_is_gone
from flows.tables import end_table, faults_table

STOPPING = "Stopping after the picture in hand; the same command goes on later. Ctrl-C again stops now."
KEPT = "what is committed stays done, the same command goes on."
QUICK_PLAN = 1.5
"""Seconds to wait for the plan before Prefect is loaded: most nights with nothing to make are known by then."""


def run_night(spec: RunSpec, retry: bool, as_json: bool, verbose: bool, replan: bool = False) -> int:
    """Make a run, showing progress; `replan` chooses anew what the spec leaves to be chosen. Returns the exit code: 0 if
    all its jobs are done, else 3.
    """
    begun = time.monotonic()
    out = console(as_json)
    print_line(out, f"Nocturne: {spec.out}")
    session = RunSession(spec, retry, replan=replan)

    def report(record: dict[str, Any]) -> int:
        return _report(record, spec, out, as_json, time.monotonic() - begun)

    with NightDisplay(out, session.pool.progress) as display:
        session.begin(display.report_plan)
        try:
            plan = session.plan(QUICK_PLAN)
            idle = plan if plan is not None and not plan.summary.work else None
            if idle is None:
                prepare_prefect(out, verbose, spec.out)
        except BaseException:
            session.pool.kill()
            session.end()
            raise
        record = _call_flow(session, out, report) if idle is None else _nothing_to_make(session, idle)
    return report(record)


def _call_flow(session: RunSession, out: Console, report: Callable[[dict[str, Any]], int]) -> dict[str, Any]:
    """The record of the night. One that is over although Prefect failed is reported all the same."""

    def report_alone() -> int:
        if session.record is None:
            return -1
        out.print("The Prefect server is gone; the night is whole, but its dashboard does not know.")
        return report(session.record)

    pool, flow = session.pool, session.kind.load("flow")
    with (
        stop_on_ctrl_c(out, STOPPING, pool.stop, lambda: pool.stopping, pool.kill),
        handle_signal(signal.SIGTERM, _raise_stopped),  # Prefect handles the first one, then sends another
    ):
        try:
            with exit_if_server_is_gone(session.over, report_alone):
                record: dict[str, Any] = call_flow(
                    flow,
                    session.spec,
                    session.retry,
                    stopped=_stopped(),
                    failed=lambda what: _PrefectFailed(what, KEPT),
                    tell=pool.progress.notes.append,
                )
                return record
        except _PrefectFailed as failure:
            if session.record is None:
                raise
            print_line(out, f"{failure.what}; the night is whole, but the dashboard does not know.")
            return session.record
        finally:
            pool.kill()  # nothing is left to do, unless Prefect failed before the flow began
            session.end()


class _PrefectFailed(NocturneError):
    """Prefect failed, not the night."""


def _stopped() -> Stopped:
    return Stopped("stopped by SIGTERM", "what was finished is committed, and the same command goes on later.")


def _raise_stopped(*_: Any) -> None:
    raise _stopped()


def _nothing_to_make(session: RunSession, plan: Plan) -> dict[str, Any]:
    """A night without work needs no server: its rows are brought up to date, and that is all."""
    started = datetime.now(UTC)
    try:
        session.pool.kill()
        begin_night(session.store, plan)
        rows = _curated(session, finalise(session.store, session.spec))
        page = build_gallery(session.store, rows, session.store.root.name, plan.problems)
        record = {
            "run": session.store.root.name,
            "made": 0,
            "taken_over": 0,
            "left": 0,
            "seconds": 0.0,
            "planned": plan.record(),
            "manifest": asdict(summarise(rows)),
            "gallery": str(page),
            "stopped": False,
        }
        record_night(session.store, started, record)
    finally:
        session.end()
    return record


def _curated(session: RunSession, rows: Any) -> Any:
    """The manifest once the run's samples are judged, if they are to be: `keep` may have changed since they were drawn."""
    if not session.spec.curates:
        return rows
    session.kind.load("curate")(session.store, session.spec)
    return manifest.read(session.store)


def _report(record: dict[str, Any], spec: RunSpec, out: Console, as_json: bool, elapsed: float) -> int:
    summary = RunSummary(**record["manifest"])
    closed = record["planned"].get("closed_folders", 0)
    code = ALL_DONE if summary.is_complete and not closed else UNFINISHED
    if as_json:
        print(json.dumps({**record, "elapsed": elapsed, "exit_code": code}))
        return code
    made = record["made"] + record["taken_over"]
    if not record["planned"]["todo"] and not made:
        out.print("Nothing to make: every job was done or had failed before.")
    out.print(end_table(summary, made, elapsed))
    if summary.failed:
        rows = manifest.query(manifest.read(Store(spec.out)), failed=True).to_pylist()
        out.print(faults_table(rows))
    for problem in record["planned"].get("problems", ()) if made else ():  # else they were said a moment ago
        print_line(out, problem)
    if summary.pending:
        out.print("Some jobs are left; the same command makes them.")
    print_line(out, f"Gallery: {record['gallery']}")
    return code
