"""Memory over 2,000 small jobs: parent and worker after the first 100, and at the end."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from runs import CHILD, ROOT, environment, pictures

ASSETS, STYLES = 1_000, 2
SIDE, STEPS = 64, 3
FIRST, WINDOW = 100, 60
"""Jobs after which memory counts, and over how many samples its median is taken."""

LOOK_EVERY = 0.5


def main() -> int:
    """Print the growth of both processes. Returns 1 if one grew by 2 % or more."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = {
            "library": str(pictures(folder / "library", ASSETS, SIDE)),
            "catalog": str(pictures(folder / "catalog", STYLES, SIDE, seed=1)),
            "out": str(folder / "run"),
            "recipe": {"size": SIDE, "steps": STEPS, "coarse_steps": 0},
            "shard_seconds": 20,
        }
        with (folder / "log").open("wb") as log:
            night = subprocess.Popen(
                [sys.executable, "-c", CHILD, json.dumps(spec)],
                cwd=ROOT,
                env={**os.environ, **environment(folder)},
                stdout=log,
                stderr=log,
            )
            samples = watched(night, Path(spec["out"]))
        if night.returncode:
            print((folder / "log").read_text()[-2000:])
    return report(samples) or night.returncode


def watched(night: subprocess.Popen[bytes], run: Path) -> list[tuple[int, float, float]]:
    """(outputs so far, MB of the parent, MB of the worker), every LOOK_EVERY seconds while the worker works."""
    samples = []
    while night.poll() is None:
        with contextlib.suppress(psutil.Error):
            parent = psutil.Process(night.pid)
            workers = [child for child in parent.children() if "core.engine.worker" in child.cmdline()]
            made = sum(1 for _ in run.glob("outputs/*/*"))
            if workers and made:
                samples.append((made, parent.memory_info().rss / 1e6, workers[0].memory_info().rss / 1e6))
                if len(samples) % 120 == 0:
                    print("{} jobs made: parent {:.1f} MB, worker {:.1f} MB".format(*samples[-1]), flush=True)
        time.sleep(LOOK_EVERY)
    return samples


def report(samples: list[tuple[int, float, float]]) -> int:
    """Print medians early and late."""
    early = [sample for sample in samples if sample[0] >= FIRST][:WINDOW]
    late = [sample for sample in samples if sample[0] < samples[-1][0]][-WINDOW:]
    print("with merge and gallery: parent {1:.1f} MB, worker {2:.1f} MB".format(*samples[-1]))
    worst = 0.0
    for place, who in ((1, "parent"), (2, "worker")):
        before, after = (statistics.median(sample[place] for sample in part) for part in (early, late))
        worst = max(worst, after / before - 1)
        print(
            f"{who}: {before:.1f} MB after {early[0][0]} to {early[-1][0]} jobs, {after:.1f} MB at the last jobs",
            end=", ",
        )
        print(f"{after / before - 1:+.2%} over {late[-1][0]} jobs (target under 2 %)")
    return 1 if worst >= 0.02 else 0


if __name__ == "__main__":
    sys.exit(main())
