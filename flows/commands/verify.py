"""`nocturne verify`: whether every picture of a run is still the one that was made."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.errors import NocturneError
from core.manifest.quarantine import SET_ASIDE, Move, set_aside
from core.manifest.verify import FAULT_KINDS, VerifyReport, verify
from core.safe_text import printable
from core.storage.store import Store
from flows.commands.inspect_commands import store_of
from flows.console import console, plain_table, print_line
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.progress import Bar
from flows.shell_command import shell_command
from flows.streams import print_result

SHOWN = 40
"""Faults that are printed; --json gives them all."""

AGAIN = "the same `nocturne run`"


def verify_run(folder: Path, as_json: bool, aside: bool) -> int:
    """Verify a run and print what is wrong; with `aside`, move it away. Returns 0 if every picture is whole, else 3.

    Raises SpecError if `folder` is no run, RunBusy if `aside` is asked for while a night goes on.
    """
    print_result()
    store, out = store_of(folder), console(as_json)
    with _held(store) if aside else contextlib.nullcontext():
        with Bar(out, "pictures") as bar:
            report = verify(store, bar.tick, held=aside)
        moves = set_aside(store, report.faults) if aside else []
    code = UNFINISHED if report.faults else ALL_DONE
    if as_json:
        print(json.dumps(_document(store, report, moves, code)))
    else:
        _show(out, folder, report, moves, aside)
    return code


@contextlib.contextmanager
def _held(store: Store) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(store.lock())
        except OSError as error:
            words = (
                f"{store.root} cannot be locked ({error.strerror}); nothing can be moved in it: see its permissions."
            )
            raise NocturneError(words) from error
        yield


def _document(store: Store, report: VerifyReport, moves: Sequence[Move], code: int) -> dict[str, Any]:
    return {
        "run": store.root.name,
        "rows": report.rows,
        "whole": report.whole,
        **{kind: report.count(kind) for kind in FAULT_KINDS},
        "young": report.young,
        "running": report.running,
        "faults": [asdict(fault) for fault in report.faults],
        "moves": [asdict(move) for move in moves],
        "exit_code": code,
    }


def _show(out: Console, folder: Path, report: VerifyReport, moves: Sequence[Move], aside: bool) -> None:
    out.print(_counts(report))
    if report.faults:
        out.print(_faults(report))
    if report.running:
        out.print("A night goes on: what it has written and not committed yet is not judged.")
    for line in [*_moved(moves), *_remedies(folder, report, aside)]:
        print_line(out, line)


def _counts(report: VerifyReport) -> Table:
    table = plain_table()
    table.add_row("whole", f"{report.whole:,} of {report.rows:,}")
    for kind in FAULT_KINDS:
        if report.count(kind):
            table.add_row(Text(kind, "red"), f"{report.count(kind):,}")
    if report.young:
        table.add_row("being made", f"{report.young:,}")
    return table


def _faults(report: VerifyReport) -> Table:
    table = plain_table()
    for header in ("file", "fault", "what was found"):
        table.add_column(header, overflow="fold")  # a path is worth nothing with its end cut off
    for fault in report.faults[:SHOWN]:
        table.add_row(*(Text(printable(cell)) for cell in (fault.name, fault.kind, fault.message)))
    if len(report.faults) > SHOWN:
        table.add_row(f"... and {len(report.faults) - SHOWN:,} more; --json lists them all", "", "")
    return table


def _moved(moves: Sequence[Move]) -> list[str]:
    stayed = [move for move in moves if move.to is None]
    lines = [f"Moved to {SET_ASIDE}/: {len(moves) - len(stayed):,}; nothing was deleted."] if moves else []
    lines += [f"Not moved: {move.name} {move.message}." for move in stayed[:SHOWN]]
    if len(stayed) > SHOWN:
        lines.append(f"... and {len(stayed) - SHOWN:,} more; --json lists them all.")
    return lines


def _remedies(folder: Path, report: VerifyReport, aside: bool) -> list[str]:
    """What to do, a sentence for each kind of fault that there is."""
    spoilt = [kind for kind in ("altered", "damaged") if report.count(kind)]
    again = [*(["missing"] if report.count("missing") else []), *(spoilt if aside else [])]
    lines = []
    if again:
        lines.append(f"{_listing(again)}: {AGAIN} makes these pictures again, as far as its spec still asks for them.")
    if spoilt and not aside:
        command = shell_command("verify", "--set-aside", path=folder)
        lines.append(
            f"{_listing(spoilt)}: `{command}` moves them to {SET_ASIDE}/ in the run folder,"
            f" then {AGAIN} makes them again; nothing is ever deleted."
        )
    if report.count("unread"):
        lines.append("Unread: these may be whole. Correct their permissions, or look at the disk, then verify again.")
    if report.count("stray") and not aside:
        lines.append("Stray: these files do no harm; --set-aside moves them too.")
    return lines


def _listing(kinds: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(kinds[:-1]), kinds[-1]])).capitalize()
