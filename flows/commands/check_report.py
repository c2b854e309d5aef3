"""How an examination is shown: a line while it goes on, then a table, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from rich.status import Status
from rich.table import Table
from rich.text import Text

from core.doctor.check_result import Finding, State
from core.text import printable
from flows.console import console, plain_table
from flows.exit_codes import ALL_DONE, UNFINISHED

COLOURS: dict[State, str] = {"ok": "green", "warning": "yellow", "problem": "red"}


class Examination:
    """Gathers findings, showing which check is being made. Use it as a context manager, then `show` it."""

    def __init__(self, as_json: bool) -> None:
        self.findings: list[Finding] = []
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

    def add(self, findings: Iterable[Finding]) -> None:
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


def findings_table(findings: Iterable[Finding]) -> Table:
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
