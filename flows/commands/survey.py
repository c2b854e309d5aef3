"""`nocturne appraise` and `nocturne analyse`: a survey started from the terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from core.errors import NocturneError, Stopped
from core.report.summary import duration
from core.survey.results import finish_survey
from core.survey.spec import SurveySpec
from core.survey.survey import Survey, open_survey
from core.survey.survey_kinds import KINDS
from flows.commands.flow_call import call_flow, flow_of, prepare_prefect
from flows.commands.signals import stop_on_ctrl_c
from flows.console import console, plain_table, print_line
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.progress import Bar
from flows.tables import faults_table

SHOWN = ("page", "table")
"""Paths that are printed at the end, where there are any."""

STOPPING = "Stopping after the pictures in hand; the same command goes on later. Ctrl-C again stops now."
KEPT = "what was looked at is kept, and the same command goes on."


def survey(spec: SurveySpec, as_json: bool, verbose: bool) -> int:
    """Look at a folder, showing how it goes. Returns the exit code: 0 if every picture has its row and none failed."""
    out = console(as_json)
    with (
        Bar(out, "pictures") as bar,
        open_survey(spec, KINDS[spec.kind], lambda _, done, all_: bar.tick(done, all_)) as begun,
    ):
        with stop_on_ctrl_c(out, STOPPING, begun.workers.stop.set, begun.workers.stop.is_set):
            record = _call_flow(begun, out, verbose) if begun.pending else finish_survey(begun)
        faults = begun.failed_rows()
    return _report(record, faults, out, as_json)


def _call_flow(begun: Survey, out: Console, verbose: bool) -> dict[str, Any]:
    prepare_prefect(out, verbose, begun.store.root)
    stopped = Stopped("stopped by SIGTERM", KEPT)
    record: dict[str, Any] = call_flow(
        flow_of(begun.kind.name),
        begun.spec,
        stopped=stopped,
        failed=lambda what: NocturneError(what, KEPT),
        tell=lambda words: print_line(out, words),
    )
    return record


def _report(record: dict[str, Any], faults: list[dict[str, Any]], out: Console, as_json: bool) -> int:
    code = UNFINISHED if record["failed"] or record["left"] or record["closed"] else ALL_DONE
    if as_json:
        print(json.dumps({**record, "exit_code": code}))
        return code
    table = plain_table()
    table.add_row("pictures", f"{record['pictures']:,}")
    table.add_row("looked at now", f"{record['looked']:,} in {duration(record['seconds'])}")
    for name, words in (("left", Text("left")), ("failed", Text("failed", "red"))):
        if record[name]:
            table.add_row(words, f"{record[name]:,}")
    out.print(table)
    if faults:
        out.print(faults_table([{**fault, "output": fault["asset"]} for fault in faults]))
    for problem in record["problems"]:
        print_line(out, problem)
    for what in SHOWN:
        if record.get(what):
            print_line(out, f"{what.capitalize()}: {record[what]}")
    return code
