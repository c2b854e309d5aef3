"""A style's targets from the caches against computing them: `python benchmarks/style_targets.py FOLDER [--size 512]`.

The engine's own backend is asked for the targets of each painting, twice, in two processes that share a cache folder,
empty at first: cold (the first process's first time, which also writes the file), from memory (its second time), and
from the disk (the second process's first time, which also hashes the artwork's pixels and checks the file). Networks
are loaded, and have run, before. Decoding is no part of the step.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from core.config.presets import DEFAULT_PRESET, PRESETS
from core.config.spec import Spec
from core.planning.jobs import Job
from core.planning.plan_file import begin_night, read_shard
from core.runs.run_kinds import RUN_KINDS
from core.runs.stylize_plan import make_plan
from core.storage.store import Store
from core.stylize.jobs.backend import StylizeBackend
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from figure_rows import Row
from style_pairs import PAINTINGS, PHOTOGRAPHS, fitted, painting, photograph, save
from style_records import Records, Stopwatch, Values, child, engine

LEAST = 20


def asked(folder: Path, size: int) -> Values:
    """Seconds of each painting's first and second time, in this process."""
    backend = StylizeBackend("cpu")
    jobs = _planned(folder, size, backend)
    recipe = PRESETS[DEFAULT_PRESET].changed({"size": size})
    backbone = for_recipe(recipe, torch.device("cpu"))
    style_targets([torch.rand(3, size, size * 4 // 5)], [1.0], recipe, backbone)
    found: Values = {"first": [], "second": []}
    for job in jobs:
        decoded = backend.decode(job)
        for times in found.values():
            watch = Stopwatch()
            backend._style(job, decoded, recipe)  # the step by itself: what the backend offers does more
            times.append(watch.read())
    return found


def measured(size: int) -> Values:
    """Medians over the paintings."""
    with tempfile.TemporaryDirectory() as name:
        run = [name, "--size", size]
        before, after = (
            child(Path(__file__), *run, env={"NOCTURNE_CACHE": str(Path(name, "cache"))}) for _ in range(2)
        )
    kinds = {"cold": before["first"], "memory": before["second"], "disk": after["first"]}
    return {
        kind: {clock: statistics.median(each[clock] for each in times) for clock in ("cpu_seconds", "seconds")}
        for kind, times in kinds.items()
    }


def rows(records: Records, size: int) -> Iterator[Row]:
    """A row for each cache."""
    found = records.get(f"targets/{size}", {"size": size, **engine()}, lambda: measured(size))
    cold = found["cold"]
    for kind, what in (("disk", "on the disk, in a fresh process"), ("memory", "in memory")):
        kept = found[kind]
        ratio = cold["cpu_seconds"] / max(kept["cpu_seconds"], 1e-9)
        shown = (
            f"{ratio:,.0f}x by CPU time, {cold['seconds'] / kept['seconds']:,.0f}x by wall clock ({_milliseconds(cold)} "
            f"cold, {_milliseconds(kept)} kept), load {found['load']:.1f}"
        )
        yield Row(f"style targets kept {what}, {size} px", shown, f"at least {LEAST}x", ratio >= LEAST)


def _planned(folder: Path, size: int, backend: StylizeBackend) -> list[Job]:
    """A job for each painting, whose run the backend has taken up."""
    save(fitted(photograph(PHOTOGRAPHS[0]), size), folder / "library" / "asset.png")
    for name in PAINTINGS:
        save(fitted(painting(name), 800), folder / "catalog" / f"{name}.png")
    spec = Spec.from_values(
        {
            "library": str(folder / "library"),
            "catalog": str(folder / "catalog"),
            "out": str(folder / "run"),
            "shard_seconds": 3600,
            "recipe": {"size": size},
        },
        "benchmark",
    )
    store = Store(folder / "run")
    begin_night(store, make_plan(spec))
    backend.open(store, RUN_KINDS["stylize"].context_of(store))
    return read_shard(store, 0)


def _milliseconds(time: Values) -> str:
    return f"{time['cpu_seconds'] * 1e3:,.3g} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=512)
    args = parser.parse_args()
    print(json.dumps(asked(args.folder, args.size)))


if __name__ == "__main__":
    main()
