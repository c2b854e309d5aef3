"""`nocturne recommend`: which styles of a catalog suit which pictures, why, and a spec that makes them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from core.assist.recommend import Fit, check_mood
from core.config.presets import PRESETS
from core.config.spec_fields import check_folder, check_out
from core.errors import SpecError
from core.safe_text import printable
from core.storage.run_marks import PROPOSAL
from core.survey.proposal import PAIRS, REASONS, SPEC, Proposal, propose, write_proposal
from flows.console import console, plain_table, print_line
from flows.progress import Bar
from flows.shell_command import shell_command

SHOWN = 20
"""Pictures that are printed; the CSV has them all."""


def recommend(
    pictures: Path, catalog: Path, out_folder: Path, count: int, mood: str | None, preset: str, as_json: bool
) -> None:
    """Recommend, write the files, and print what and why. Raises SpecError, RunBusy."""
    check_mood(mood)
    if preset not in PRESETS:
        raise SpecError(f"--preset {preset}: there is none of that name", f"there are {', '.join(PRESETS)}.")
    check_folder("catalog", catalog)
    check_out(out_folder, PROPOSAL, (PAIRS, REASONS, SPEC))
    out = console(as_json)
    with Bar(out, "pictures") as bar:
        found = propose(pictures, catalog, count, mood, lambda _, done, total: bar.tick(done, total))
    spec = write_proposal(found, out_folder, preset)
    if as_json:
        told = {asset: [asdict(each) for each in fits] for asset, fits in found.fits.items()}
        print(json.dumps({"spec": str(spec), "variety": found.variety, "recommended": told}))
        return
    _show(out, found, spec)


def _show(out: Console, found: Proposal, spec: Path) -> None:
    table = plain_table("picture", "style", "fit", "why")
    for asset, fits in list(found.fits.items())[:SHOWN]:
        for place, each in enumerate(fits):
            table.add_row(Text(printable("" if place else asset)), *_cells(each))
    out.print(table)
    if len(found.fits) > SHOWN:
        out.print(f"... and {len(found.fits) - SHOWN:,} pictures more: {REASONS} has them all.")
    lines = (
        f"For variety, take styles in this order: {', '.join(found.variety)}.",
        f"Written: {spec.parent / PAIRS}, {spec.parent / REASONS}.",
        f"Make them: {shell_command('run', path=spec)}",
        *(() if found.only else found.analyses.problems),
    )
    for line in lines:
        print_line(out, line)


def _cells(each: Fit) -> tuple[Text, str, Text]:
    return Text(printable(each.style)), f"{each.fit:.2f}", Text(printable(each.reason))
