"""Whatever a file says is shown as text: no control sequence and no markup of it reaches the terminal.

Control sequences in names have changed titles and run commands in terminals (git's CVE-2024-52005);
markup in a cell ended the table that showed it.
"""

from __future__ import annotations

import ast
import importlib
import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from rich.table import Table
from rich.text import Text

from core.manifest import manifest
from core.storage.run_paths import MANIFEST
from core.storage.store import Store
from flows.console import PlainConsole, print_line
from flows.prefect_server.log_lines import LOGGERS
from tests.conftest import Studio
from tests.flows.command import here
from tests.runs import made_run, row

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "a[/x][red]\x1b]0;title\x07\x1b[2J\x9b31m\u202egpj.exe[link=file:///etc]\r\b"


@pytest.mark.parametrize("shown", ["line", "print", "cell", "text", "rich cell"])
def test_a_console_shows_text_as_text(shown: str) -> None:
    out = io.StringIO()
    console = PlainConsole(file=out, force_terminal=True, width=500, color_system="truecolor")
    table = Table(box=None, show_header=False)
    if shown == "line":
        print_line(console, HOSTILE)
    elif shown == "print":
        console.print(HOSTILE)
    elif shown == "text":
        console.print(Text(HOSTILE))
    else:
        table.add_row(Text(HOSTILE, "red") if shown == "rich cell" else HOSTILE)
        console.print(table)
    said = out.getvalue().replace("\x1b[31m", "").replace("\x1b[0m", "")
    assert not [char for char in said if not char.isprintable() and char != "\n"]
    assert "a[/x][red]" in said


@pytest.mark.parametrize("name", LOGGERS)
def test_a_line_of_prefects_log_is_text(name: str) -> None:
    importlib.import_module("flows.bootstrap")  # as every module of a flow does
    record = logging.LogRecord(name, logging.WARNING, "", 0, "out is %s\nand 100%% done", (HOSTILE,), None)
    assert logging.getLogger(name).filter(record)
    said = record.getMessage()
    assert not [char for char in said if not char.isprintable() and char != "\n"]
    assert said.endswith("\nand 100% done")


def hostile_run(studio: Studio) -> Store:
    store = made_run(studio, ("wave/cat.jpg.png",))
    bad = row("wave/x.png", status="failed", reason=HOSTILE, message=HOSTILE, style=HOSTILE, asset=HOSTILE)
    rows = manifest.table([*manifest.read(store).to_pylist(), {**bad, "output": f"wave/{HOSTILE}.png"}])
    manifest.begin(store, rows)
    record = {"ended": HOSTILE, "planned": {"problems": [HOSTILE]}}
    store.put("nights/2026-01-01T00-00-00.000Z.json", json.dumps(record).encode())
    assert store.exists(MANIFEST)
    return store


@pytest.mark.parametrize("command", [["status"], ["manifest"], ["manifest", "--failed"], ["verify"]])
def test_commands_show_a_hostile_run_as_text(command: list[str], studio: Studio) -> None:
    store = hostile_run(studio)
    ended = here(command[0], store.root, *command[1:])
    assert "Traceback" not in ended.err
    assert ended.code in (0, 3)
    assert not [char for char in ended.out + ended.err if not char.isprintable() and char != "\n"]


def printed(path: Path) -> list[str]:
    """Arguments of bare prints that are neither JSON, nor made printable, nor texts and numbers of our own."""
    astray = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "typer.echo"):
            astray += [text for text in map(ast.unparse, node.args) if not is_safe(text)]
    return astray


def is_safe(text: str) -> bool:
    """Whether a printed argument is escaped where it is printed."""
    tree: Any = ast.parse(text, mode="eval").body
    if isinstance(tree, ast.Call):
        return ast.unparse(tree.func) in ("printable", "json.dumps", "_as_json(rows).decode") or "printable(" in text
    if isinstance(tree, ast.JoinedStr):
        values = [each for each in tree.values if isinstance(each, ast.FormattedValue)]
        numbers = all(each.format_spec is not None or ast.unparse(each.value) in PLAIN for each in values)
        return numbers or "printable(" in text
    return isinstance(tree, ast.Constant)


PLAIN = {"given.left_out", "width", "height"}
"""Numbers that are printed as they are."""


def test_what_is_printed_past_the_console_is_escaped() -> None:
    astray = {str(path.relative_to(ROOT)): found for path in (ROOT / "flows").rglob("*.py") if (found := printed(path))}
    assert astray == {}
