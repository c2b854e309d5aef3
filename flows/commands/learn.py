"""`nocturne learn-style` and `learn-taste`: a network's new styles from a catalog, a taste from picks."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

from core.config.preference_model import MEASURES
from core.errors import SpecError
from core.manifest.picks import read_picks
from core.report.summary import duration
from core.safe_text import printable
from core.scoring.preference_fit import collect_examples, fit_preferences
from core.storage.write_targets import check_target, write_file
from core.stylize.train.learn_spec import LearnStyleSpec
from flows.console import console, plain_table, print_line


def learn_style(spec: LearnStyleSpec, as_json: bool) -> None:
    """Refine the embeddings of a catalog's new styles, printing each step's loss, and where the network file lies."""
    from core.stylize.train.learn_styles import learn

    out, begun = console(as_json), time.perf_counter()
    print_line(out, f"Network: {spec.begun_with}")

    def print_step(name: str, step: int, loss: float) -> None:
        spent = duration(time.perf_counter() - begun)
        print_line(out, f"{name}: step {step} of at most {spec.steps}, loss {loss:.1f}, {spent}")

    learnt = learn(spec, print_step, lambda note: print_line(out, note))
    if as_json:
        print(
            json.dumps({"network": str(spec.written) if learnt else None, "learnt": [asdict(each) for each in learnt]})
        )
        return
    if not learnt:
        out.print("The network knows every style of the catalog; --only NAME refines one again.")
        return
    table = plain_table("style", "loss before", "after", "steps")
    for each in learnt:
        table.add_row(printable(each.name), f"{each.before:.1f}", f"{each.after:.1f}", str(each.steps))
    out.print(table)
    print_line(out, f"Written: {spec.written}; use it with `--network {spec.written}`.")


def learn_taste(picks: Path, run: Path | None, to: Path, as_json: bool) -> None:
    """Learn a taste and write it to `to`, a .json file. Raises SpecError."""
    if to.suffix.lower() != ".json":
        raise SpecError(f"--to {to}: a taste is a .json file.")
    sources = [picks, *([run] if run else [])]
    check_target("--to", to, sources, make_folder=True)
    given = collect_examples(read_picks(picks), run)
    taste = fit_preferences(given)
    write_file(to, taste.model_dump_json(indent=1).encode(), sources)
    if as_json:
        print(json.dumps({**taste.model_dump(include={"kept", "rejected", "rank"}), "left_out": given.left_out}))
        return
    print(printable(f"{to}: learnt from {taste.kept} pictures kept and {taste.rejected} rejected."))
    if given.left_out:
        print(f"{given.left_out} picks have no measures in a manifest and were left out.")
    print(
        f"Of pairs of one kept and one rejected that it was not shown it ranks {taste.rank:.0%} right; chance is 50%."
    )
    for name, weight in zip(MEASURES, taste.weights, strict=False):
        print(f"  {name.removeprefix('score_'):10} {weight:+.2f}")
    print("Name it as `taste` in a spec: the score is then how likely you are to keep a picture.")
