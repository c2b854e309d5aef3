"""`nocturne plan`, `status`, `manifest`, `gallery` and `show`: what a run would do, has done, and what a file says."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from rich.table import Table
from rich.text import Text

from core.config.preference_model import load_preference_model
from core.config.run_spec import RunSpec
from core.config.spec import Spec
from core.errors import SpecError
from core.images import provenance
from core.manifest import manifest, part_files
from core.manifest.picks import read_picks, with_picks
from core.manifest.spreadsheet import spreadsheet_bytes
from core.networks.classifier import label_sentence
from core.planning.cost_calibration import calibrate_cost
from core.planning.night_records import last_night, problems_of
from core.report.gallery import build_gallery
from core.report.summary import summarise
from core.runs.run_kinds import spec_of_run
from core.runs.stylize_plan import make_plan
from core.safe_text import printable
from core.scoring.explain_score import score_lines
from core.storage.allowed_roots import check_inside
from core.storage.disk_space import check_free_space, free_bytes
from core.storage.run_marks import RUN, run_mark
from core.storage.run_paths import SPEC
from core.storage.store import Store
from core.storage.write_targets import check_target, write_file
from flows.console import console, plain_table, print_line
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.shell_command import shell_command
from flows.streams import print_result
from flows.tables import end_table, plan_table

SHOWN = 40
"""Rows that `nocturne manifest` prints."""


def store_of(folder: Path) -> Store:
    """The run in `folder`. Raises SpecError if it is none."""
    store = Store(folder)
    if not store.exists(SPEC):
        raise SpecError(
            f"{folder} is not a run folder: it has no {SPEC}",
            f"`{shell_command('run', '--out', path=folder)}` makes one.",
        )
    if (mark := run_mark(folder)) not in (None, RUN):
        raise SpecError(f"{folder} is the folder of a {mark}, and no run of pictures", "give the folder of a run.")
    return store


def spec_of(folder: Path) -> RunSpec:
    """The spec of the run in `folder`, wherever the folder lies now. Raises SpecError, for a path outside the allowed roots
    too.
    """
    spec = spec_of_run(store_of(folder))
    check_inside(spec.paths())
    return spec


def show_plan(spec: Spec, as_json: bool, replan: bool) -> None:
    """Print what a night would do; `replan` chooses anew what the spec leaves to be chosen."""
    print_result()
    out = console(as_json)
    spec.check()
    cost = calibrate_cost(spec.device, lambda text: out.print(text))
    made = make_plan(spec, cost=cost, replan=replan)
    if as_json:
        print(json.dumps({**made.record(), "free_bytes": free_bytes(spec.out)}))
        return
    out.print(plan_table(made.summary, free_bytes(spec.out)))
    if made.summary.choice:
        print_line(out, made.summary.choice)
    for problem in made.problems:
        print_line(out, problem)
    for message in dict.fromkeys(message for message in made.jobs["message"].to_pylist() if message):
        print_line(out, message)
    check_free_space(made.summary.bytes, spec.spare_disk * 1e9, spec.out)


def show_status(folder: Path, as_json: bool) -> int:
    """Print how far a run is. Returns the exit code: 0 if all its jobs are done, else 3."""
    print_result()
    store = store_of(folder)
    summary, running, last = summarise(manifest.read(store)), store.is_locked(), last_night(store)
    if as_json:
        print(json.dumps({**asdict(summary), "running": running, "last_night": last}))
    else:
        out = console()
        out.print(end_table(summary, 0, None))
        out.print(
            "A night goes on now."
            if running
            else printable(f"Last night ended {last['ended'][:19]} UTC.")
            if last
            else ""
        )
        for problem in problems_of(last):
            print_line(out, problem)
    closed = bool(last and isinstance(last.get("planned"), dict) and last["planned"].get("closed_folders"))
    return ALL_DONE if summary.is_complete and not closed else UNFINISHED


def show_manifest(
    folder: Path,
    failed: bool,
    style: str | None,
    sort: str | None,
    to: Path | None,
    picks: Path | None,
    spreadsheet: bool,
    as_json: bool,
) -> None:
    """Print rows of a manifest, or write them to `to`, with what was picked if there are picks."""
    if spreadsheet and (to is None or to.suffix.lower() != ".csv"):
        raise SpecError("--spreadsheet is for a .csv file", "name one by --to.")
    sources = [picks] if picks else []
    if to is None:
        print_result()
    else:
        _check_table_suffix(to)
        check_target("--to", to, sources, make_folder=True)
    rows = manifest.query(manifest.read(store_of(folder)), failed, style, sort)
    if picks is not None:
        rows = with_picks(rows, read_picks(picks))
    if to is not None:
        write_file(to, bytes((spreadsheet_bytes if spreadsheet else _TABLES[to.suffix.lower()])(rows)), sources)
        print_line(console(as_json), f"{rows.num_rows:,} rows: {to}")
    elif as_json:
        print(_as_json(rows).decode())
    else:
        console().print(_rows_table(rows))


def explain_score(folder: Path, output: str) -> None:
    """Print why an output scores what it does. Raises SpecError if the run has no such row."""
    print_result()
    spec = spec_of(folder)
    rows = manifest.read(store_of(folder))
    found = rows.filter(pc.equal(rows["output"], output)).to_pylist()
    if not found:
        raise SpecError(
            f"{folder} has no output {printable(output)}",
            f"`{shell_command('manifest', path=folder)}` lists them.",
        )
    weights = spec.weights_of_scores
    taste = load_preference_model(spec.taste_file) if spec.taste_file else None
    for line in score_lines(found[0], weights, taste.shares(found[0]) if taste else None):
        print(printable(line))
    if found[0]["label"] is not None:
        print(printable(label_sentence(found[0])))


def rebuild_gallery(folder: Path) -> None:
    """Build a run's gallery and print its path."""
    store = store_of(folder)
    print(printable(str(build_gallery(store, manifest.read(store), store.root.name, problems_of(last_night(store))))))


def show_file(file: Path, as_json: bool) -> None:
    """Print what a picture says of itself, or a checkpoint."""
    print_result()
    stamp = _about_network(file) if file.suffix == ".safetensors" else provenance.read_stamp(file)
    if as_json:
        print(json.dumps(stamp, indent=2))
        return
    table = plain_table()
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in {
        **stamp,
        **{f"recipe.{key}": value for key, value in stamp.get("recipe", {}).items()},
    }.items():
        if name != "recipe":
            table.add_row(
                Text(printable(name)), Text(printable(value if isinstance(value, str) else json.dumps(value)))
            )
    console().print(table)


def _about_network(file: Path) -> dict[str, Any]:
    from core.gan.checkpoints.checkpoint import read_info
    from core.networks.classifier_file import is_classifier_file, read

    if is_classifier_file(file):
        found = read(file)
        return {
            "classifier": found.name,
            "digest": found.digest,
            "classes": list(found.classes),
            "known from probability": found.threshold,
            "temperature": found.temperature,
            "trained on": found.data,
            "held-out pictures": found.figures,
        }
    info = read_info(file)
    return {
        "checkpoint": info.name,
        "digest": info.digest,
        "step": info.step,
        "classes": list(info.classes),
        "training can go on from it": info.whole,
        "trained on": {name: value for name, value in info.data.items() if name != "sha256"},
        "recipe": info.recipe.model_dump(mode="json"),
    }


def _check_table_suffix(to: Path) -> None:
    if to.suffix.lower() not in _TABLES:
        raise SpecError(f"--to {to}: the suffix must be .csv, .parquet or .json.")


def _as_json(rows: Any) -> bytes:
    return json.dumps(rows.to_pylist(), default=str).encode()  # ASCII: it may be printed


_TABLES = {".csv": part_files.csv_bytes, ".parquet": part_files.parquet_bytes, ".json": _as_json}
"""How a table is written, by suffix."""


def _rows_table(rows: Any) -> Table:
    table = plain_table()
    picked = "pick" in rows.column_names
    for header in ("output", "status", "score", "seconds", "reason", *(["pick"] if picked else [])):
        table.add_column(header, overflow="fold")
    for row in rows.slice(0, SHOWN).to_pylist():
        score = "" if row["score"] is None else f"{row['score']:.3f}"
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
        last = [row["pick"] or ""] if picked else []
        table.add_row(Text(printable(row["output"])), row["status"], score, seconds, row["reason"] or "", *last)
    if rows.num_rows > SHOWN:
        table.add_row(f"... and {rows.num_rows - SHOWN:,} more; --to FILE writes them all", "", "", "", "")
    return table
