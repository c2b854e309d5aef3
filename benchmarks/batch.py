"""Whole batches: the share of time for which a device is busy, and pictures a second against what the stages cost alone.

Both go through the real flow, worker and manifest, from the first decoding to the last commit. A device that sleeps shows
what the pipeline leaves it waiting for; the CPU shows whether decoding, scoring and encoding fill what computing leaves.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from skimage import data

from batch_backends import SLEEP
from core.manifest import manifest
from core.storage.store import Store
from figure_rows import HEAD, Row, show
from runs import CHILD, ROOT, Measured, environment, measured_run

SIDES = (512, 269)
"""Width and height of the pictures, pixels."""
CORES = 2
ASSETS, STYLES = 40, ("starry_night", "wave", "the_scream")
TIMED = 60
"""Jobs whose stages are timed alone."""


def library(folder: Path, count: int) -> Path:
    """Different crops of packaged photographs, twice as large as they are painted."""
    from PIL import Image

    folder.mkdir(parents=True)
    photographs = [Image.fromarray(getattr(data, name)()) for name in ("astronaut", "coffee", "chelsea", "rocket")]
    width, height = (2 * side for side in SIDES)
    for number in range(count):
        photograph = photographs[number % len(photographs)]
        scale = max(width / (photograph.width - 40), height / (photograph.height - 40))
        large = photograph.resize((round(photograph.width * scale), round(photograph.height * scale)))
        left, top = number % (large.width - width + 1), number % (large.height - height + 1)
        large.crop((left, top, left + width, top + height)).save(folder / f"p{number:05}.jpg", quality=92)
    return folder


def night(folder: Path, name: str, jobs: int, recipe: dict[str, Any], maker: str | None) -> tuple[Measured, Path]:
    """A run of so many jobs, by the maker `module:Class` if there is one. Returns what it cost, and its folder."""
    out = folder / name
    spec = {
        "library": str(folder / "library"),
        "catalog": str(ROOT / "data" / "styles"),
        "include_styles": list(STYLES),
        "out": str(out),
        "limit": jobs,
        "variants": -(-jobs // (ASSETS * len(STYLES))),
        **recipe,
    }
    path = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks")])
    child = CHILD.replace("RunSession(spec)", f"RunSession(spec, backend={maker!r})")
    run = measured_run(spec, {**environment(folder), "PYTHONPATH": path}, child)
    assert run.record["made"] == jobs, run.record
    return run, out


def elapsed(out: Path) -> float:
    """Seconds from the first job's decoding to the last job's writing."""
    rows = manifest.read(Store(out), ["started", "finished"])
    ends = rows["finished"].to_pylist()
    return float((max(ends) - min(rows["started"].to_pylist())).total_seconds())


def alone(out: Path, env: dict[str, str]) -> dict[str, float]:
    """CPU seconds a picture by stage, in one thread of a process with nothing else."""
    command = [sys.executable, str(ROOT / "benchmarks" / "batch_stages.py"), str(out), str(TIMED)]
    paths = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **env, **paths})
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def busy(folder: Path, jobs: int) -> Row:
    """The share of time for which a device that sleeps is busy."""
    _, out = night(
        folder, "sleeping", jobs, {"preset": "draft", "recipe": {"size": SIDES[0]}}, "batch_backends:Sleeper"
    )
    share = jobs * SLEEP / elapsed(out)
    what = f"share of time that a device of {SLEEP} s a job is busy, {jobs:,} jobs"
    return Row(what, f"{share:.1%}", "97 %", share >= 0.97)


def throughput(folder: Path, jobs: int, recipe: dict[str, Any]) -> Row:
    """Pictures a second against what the cores could do by the stages' own CPU time."""
    _, out = night(folder, "computing", jobs, recipe, None)
    rate, costs = jobs / elapsed(out), alone(out, environment(folder))
    share = rate * sum(costs.values()) / CORES
    told = ", ".join(f"{stage} {seconds * 1e3:.0f}" for stage, seconds in costs.items())
    what = f"pictures a second on {CORES} cores, {jobs:,} jobs ({told} ms of CPU each, alone)"
    return Row(what, f"{rate:.1f}, {share:.1%} of what the stages allow", "90 %", share >= 0.90)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000, help="jobs of the batch that computes")
    parser.add_argument("--sleeps", type=int, default=100, help="jobs of the device that sleeps; 0 leaves it out")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--network", default="packaged", help="file of the network that paints")
    parser.add_argument(
        "--recipe", type=json.loads, default={"size": SIDES[0]}, help="recipe fields to change, as JSON"
    )
    args = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.1f}; {os.cpu_count()} cores")
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library(folder / "library", ASSETS)
        recipe = {"preset": args.preset, "recipe": {"size": SIDES[0], "network": args.network}}
        if args.sleeps:
            show([busy(folder, args.sleeps)])
        if args.jobs:
            show([throughput(folder, args.jobs, recipe)])
    print(f"load average after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
