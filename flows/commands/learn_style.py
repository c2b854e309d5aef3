"""`nocturne learn-style`: a catalog's new styles for a network that is trained, with the loss as it falls."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

from core.report.summary import duration
from core.stylize.train.learn import learn
from core.stylize.train.learn_spec import LearnStyleSpec
from core.text import printable
from flows.console import console, plain_table, print_line


def learn_style(spec: LearnStyleSpec, as_json: bool) -> None:
    """Refine, saying how it goes, and where the network file lies."""
    out, begun = console(as_json), time.perf_counter()
    print_line(out, f"Network: {spec.begun_with}")

    def told(name: str, step: int, loss: float) -> None:
        spent = duration(time.perf_counter() - begun)
        text = printable(f"{name}: step {step} of at most {spec.steps}, loss {loss:.1f}, {spent}")
        out.print(text, markup=False, highlight=False, soft_wrap=True)

    found = learn(spec, told)
    if as_json:
        print(json.dumps({"network": str(spec.written) if found else None, "learnt": [asdict(each) for each in found]}))
        return
    if not found:
        out.print("The network knows every style of the catalog; --only NAME refines one again.", markup=False)
        return
    table = plain_table("style", "loss before", "after", "steps")
    for each in found:
        table.add_row(printable(each.name), f"{each.before:.1f}", f"{each.after:.1f}", str(each.steps))
    out.print(table)
    print_line(out, f"Written: {spec.written}; use it with `--network {spec.written}`.")
