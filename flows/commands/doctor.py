"""`nocturne doctor`: whether this machine, Prefect on it, and a spec have what a night needs.

A doctor is called when something is broken: nothing heavy is imported outside a check.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from rich.status import Status
from rich.table import Table
from rich.text import Text

from core.config.run_spec import RunSpec
from core.doctor.check_result import Check, CheckResult, State, ok, problem, run_check, warning
from core.doctor.machine import ROOT, machine_checks
from core.doctor.networks import network_checks
from core.doctor.requirements import in_range, required_versions
from core.doctor.spec import spec_at, spec_checks
from core.doctor.time_zone import is_known
from core.safe_text import printable
from core.storage.user_folders import FALLBACK
from flows.console import console, plain_table
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.prefect_server.environment import DEFAULTS, reachable, redacted
from flows.prefect_server.home import home_fault, prefect_home
from flows.prefect_server.own_server import check_loopback
from flows.prefect_server.probe import Probe, probe_prefect
from flows.prefect_server.proxies import bypass_loopback, is_loopback, proxy_fault
from flows.streams import print_result

COLOURS: dict[State, str] = {"ok": "green", "warning": "yellow", "problem": "red"}

DEPLOYMENTS = ROOT / "deployments" / "prefect.yaml"
OFF = {"DO_NOT_TRACK": ("1", "true", "yes"), "PREFECT_SERVER_ANALYTICS_ENABLED": ("0", "false", "no", "off", "f", "n")}
"""What Prefect takes for off: in a flow's process, and in a server."""


def examine_all(spec_file: Path | None, out: Path | None, as_json: bool) -> int:
    """Make every check and print what was found. Returns 0 if there is no problem, else 3."""
    print_result()
    with Examination(as_json) as examination:
        spec, faults = _read(spec_file, out)
        examination.add(faults)
        folder = spec.out if spec else (out or Path.cwd())
        checks = [*machine_checks(folder), *network_checks(), *prefect_checks()]
        for name, check in [*checks, *(spec_checks(spec) if spec else [])]:
            examination.doing(name)
            examination.add(run_check(name, check))
    examination.show()
    return UNFINISHED if examination.count("problem") else ALL_DONE


def prefect_checks() -> list[tuple[str, Check]]:
    """The checks of Prefect, by name."""
    probe = functools.cache(probe_prefect)
    return [
        ("prefect", lambda: prefect(probe)),
        ("prefect server", lambda: server(probe)),
        ("prefect home", home),
        ("network", network),
        ("telemetry", telemetry),
        ("schedules", lambda: schedules(DEPLOYMENTS)),
    ]


def prefect(probe: Callable[[], Probe]) -> Iterator[CheckResult]:
    """Whether Prefect has a version that Nocturne works with, and can be imported."""
    specifier, found = required_versions()["prefect"], version("prefect")
    remedy = f"Run `make install` again, or `pip install 'prefect{specifier}'`."
    if not in_range(found, specifier):
        yield problem("prefect", f"{found} is installed, not {specifier}", remedy)
    elif fault := probe().fault:
        yield problem(
            "prefect",
            f"{found} cannot be used: {fault}",
            f"Correct a setting that is named, where it is set; else: {remedy}",
        )
    else:
        yield ok("prefect", f"{found}, in {specifier}")


def server(probe: Callable[[], Probe]) -> Iterator[CheckResult]:
    """Which Prefect server a night would speak to, and whether it answers. No password, query or key is told."""
    bypass_loopback()
    name, address = "prefect server", os.environ.get("PREFECT_API_URL")
    if address:
        yield _named_server(name, address)
        return
    if probe().fault:
        return
    address = probe().address
    if not address:
        yield ok(name, "PREFECT_API_URL is not set: each night has a server of its own")
    elif _answers(address):
        yield ok(name, f"{redacted(address)}, from Prefect's own settings, answers")
    else:
        remedy = "Start that server, or take it out: `prefect config unset PREFECT_API_URL`."
        yield problem(name, f"{redacted(address)}, from Prefect's own settings, does not answer", remedy)


def home() -> Iterator[CheckResult]:
    """Whether Prefect can keep its files in its home."""
    fault = home_fault()
    if fault is None:
        yield ok("prefect home", str(prefect_home()))
    else:
        remedy = f"A night uses a folder in its run, {FALLBACK}; set PREFECT_HOME to one that can be written to."
        yield warning("prefect home", fault.what, remedy)


def network() -> Iterator[CheckResult]:
    """Whether this machine reaches itself, and whether Prefect's client takes the environment's proxies."""
    address = os.environ.get("PREFECT_API_URL")
    if not (address and _answers(address)):
        check_loopback()
    fault = proxy_fault()
    if not fault:
        yield ok("network", "this machine reaches itself without a proxy")
    elif address and not is_loopback(address):
        yield problem("network", fault, "Correct ALL_PROXY, HTTPS_PROXY and HTTP_PROXY.")
    else:
        yield ok("network", f"{fault}; a night goes without, since its server is on this machine")


def telemetry() -> Iterator[CheckResult]:
    """Whether Prefect sends nothing about its use."""
    on = [name for name, words in OFF.items() if os.environ.get(name, DEFAULTS[name]).strip().lower() not in words]
    if on:
        remedy = f"Take {' and '.join(on)} out of the environment; Nocturne then sets them to off."
        yield warning("telemetry", f"on, because the environment sets {' and '.join(on)}", remedy)
    else:
        yield ok("telemetry", "off")


def schedules(file: Path) -> Iterator[CheckResult]:
    """Whether the rules of every schedule's time zone are known."""
    if not file.is_file():
        yield ok("schedules", "this installation has no deployments/prefect.yaml")
        return
    found = re.findall(r"^[\s-]*timezone:[ \t]*['\"]?([^'\"#\s]*)", file.read_text(encoding="utf-8"), re.MULTILINE)
    zones = sorted(set(found))
    for zone in zones:
        if not is_known(zone):
            remedy = "Correct it to a name such as Europe/Berlin, or run `pip install tzdata`."
            yield problem("schedules", f"{file}: this machine knows no time zone {zone!r}", remedy)
    if all(map(is_known, zones)):
        yield ok("schedules", f"time zone {', '.join(zones)}" if zones else "none has a time zone")


def _named_server(name: str, address: str) -> CheckResult:
    safe = redacted(address)
    if _answers(address):
        return ok(name, f"{safe} answers")
    remedy = "Start it, correct PREFECT_API_URL, or unset it: until then a night has a server of its own."
    if "@" in address:
        remedy += " User and password belong in PREFECT_API_AUTH_STRING."
    return warning(name, f"{safe} does not answer", remedy)


def _answers(address: str) -> bool:
    with contextlib.suppress(Exception):  # an address can be wrong in ways that urllib has no one name for
        return reachable(address)
    return False


def _read(spec_file: Path | None, out: Path | None) -> tuple[RunSpec | None, list[CheckResult]]:
    """The spec, or why it cannot be read."""
    if spec_file is None:
        return None, []
    read: list[RunSpec] = []

    def check() -> Iterator[CheckResult]:
        read.append(spec_at(spec_file, out))
        yield from ()

    faults = run_check("spec", check)
    return (read[0] if read else None), faults


class Examination:
    """Gathers findings, showing which check is being made. Use it as a context manager, then `show` it."""

    def __init__(self, as_json: bool) -> None:
        self.findings: list[CheckResult] = []
        self._as_json = as_json
        self._console = console(as_json)
        self._status = Status("", console=self._console)

    def __enter__(self) -> Examination:
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def doing(self, name: str) -> None:
        """Say which check is being made."""
        self._status.update(Text(f"looking at {name}"))

    def add(self, findings: Iterable[CheckResult]) -> None:
        """Take what a check found."""
        self.findings.extend(findings)

    def count(self, state: State) -> int:
        """How many findings are in a state."""
        return sum(finding.state == state for finding in self.findings)

    def show(self) -> None:
        """Print the table and what it comes to, or one JSON object."""
        if self._as_json:
            print(json.dumps(self._document()))
            return
        self._console.print(findings_table(self.findings))
        self._console.print(self._verdict())

    def _verdict(self) -> str:
        counts = [(self.count("problem"), "problem"), (self.count("warning"), "warning")]
        words = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count]
        return f"{' and '.join(words)}." if words else "Everything that a night needs is here."

    def _document(self) -> dict[str, object]:
        return {
            "checks": [asdict(finding) for finding in self.findings],
            "problems": self.count("problem"),
            "warnings": self.count("warning"),
            "exit_code": UNFINISHED if self.count("problem") else ALL_DONE,
        }


def findings_table(findings: Iterable[CheckResult]) -> Table:
    """Findings, a line each, with the remedy of what is not ok below it."""
    table = plain_table()
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")  # a path is worth nothing with its end cut off
    for finding in findings:
        state = Text(finding.state, COLOURS[finding.state])
        table.add_row(Text(finding.check), state, Text(printable(finding.found)))
        if finding.remedy:
            table.add_row("", "", Text(printable(finding.remedy), "italic"))
    return table
