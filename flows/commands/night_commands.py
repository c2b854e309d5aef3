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
from core.planning.plan_file import begin_night
from core.planning.planner import Plan
from core.planning.run_log import record_night
from core.report.summary import RunSummary, summarise
from core.runs.finalise import finalise
from core.runs.gallery import build_run_gallery
from core.runs.session import RunSession
from core.storage.store import Store
from flows.console import console, print_line
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.live_display import NightDisplay
from flows.prefect_outage import leaving_a_dead_server
from flows.tables import end_table, faults_table

QUICK_PLAN = 1.5
"""Seconds to wait for the plan before Prefect is loaded: most nights with nothing to make are known by then."""


def night(spec: RunSpec, retry: bool, as_json: bool, verbose: bool, replan: bool = False) -> int:
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
        session.begin(display.scanned)
        try:
            plan = session.plan(QUICK_PLAN)
            idle = plan if plan is not None and not plan.summary.work else None
            if idle is None:
                _ready_prefect(out, verbose)
        except BaseException:
            session.pool.kill()
            session.end()
            raise
        record = _through_prefect(session, out, report) if idle is None else _nothing_to_make(session, idle)
    return report(record)


def _ready_prefect(out: Console, verbose: bool) -> None:
    """Raises NocturneError if Prefect could not start a server that it needs."""
    from flows.prefect_environment import prepare

    warning = prepare(quiet=not verbose)
    if warning:
        print_line(out, warning)


def _through_prefect(session: RunSession, out: Console, report: Callable[[dict[str, Any]], int]) -> dict[str, Any]:
    from prefect.exceptions import TerminationSignal

    flow = session.kind.load("flow")
    before = signal.signal(signal.SIGINT, _stopper(session, out))
    before_term = signal.signal(signal.SIGTERM, _terminated)  # Prefect handles the first one, then sends another

    def report_alone() -> int:
        if session.record is None:
            return -1
        out.print("The Prefect server is gone; the night is whole, but its dashboard does not know.")
        return report(session.record)

    try:
        with leaving_a_dead_server(session.over, report_alone):
            made: dict[str, Any] = flow(session.spec, session.retry)
            return made
    except TerminationSignal:
        _terminated()
        raise
    except NocturneError:
        raise
    except Exception as error:
        return _without_prefect(session, error, out)
    finally:
        session.pool.kill()  # nothing is left to do, unless Prefect failed before the flow began
        session.end()
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, before_term)


def _terminated(*_: Any) -> None:
    raise Stopped("stopped by SIGTERM", "what was finished is committed, and the same command goes on later.")


def _without_prefect(session: RunSession, error: Exception, out: Console) -> dict[str, Any]:
    """Prefect failed. A night that is over all the same is reported; else what is committed waits for the next one."""
    words = f"Prefect failed ({type(error).__name__}: {error})"
    if session.record is None:
        raise NocturneError(f"{words}", "what is committed stays done, the same command goes on.") from error
    print_line(out, f"{words}; the night is whole, but the dashboard does not know.")
    return session.record


def _stopper(session: RunSession, out: Console) -> Callable[..., None]:
    """What Ctrl-C does: first finish the job in hand, then stop at once."""

    def stop(*_: Any) -> None:
        if session.pool.stopping:
            session.pool.kill()
            raise KeyboardInterrupt
        out.print("Stopping after the picture in hand; the same command goes on later. Ctrl-C again stops now.")
        session.pool.stop()

    return stop


def _nothing_to_make(session: RunSession, plan: Plan) -> dict[str, Any]:
    """A night without work needs no server: its rows are brought up to date, and that is all."""
    started = datetime.now(UTC)
    try:
        session.pool.kill()
        begin_night(session.store, plan)
        rows = _curated(session, finalise(session.store, session.spec))
        page = build_run_gallery(session.store, session.spec)
        record = {
            "run": session.store.root.name,
            "made": 0,
            "taken_over": 0,
            "left": 0,
            "seconds": 0.0,
            "planned": asdict(plan.summary),
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
    code = ALL_DONE if summary.is_complete else UNFINISHED
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
    if summary.pending:
        out.print("Some jobs are left; the same command makes them.")
    print_line(out, f"Gallery: {record['gallery']}")
    return code
