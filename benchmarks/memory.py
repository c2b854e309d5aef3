"""Peak memory of a 50-job run against a 5-job run: a night's memory does not grow with its jobs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from runs import environment, measured_run, pictures

SIDE = 128


def main() -> None:
    """Print the peaks of the parent and of its largest child, the worker."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = pictures(folder / "catalog", 1, SIDE, seed=1)
        peaks = {}
        for count in (5, 50):
            library = pictures(folder / f"library{count}", count, SIDE)
            spec = {"library": str(library), "catalog": str(catalog), "out": str(folder / f"run{count}")}
            run = measured_run({**spec, "recipe": {"size": SIDE, "steps": 3, "coarse_steps": 0}}, environment(folder))
            peaks[count] = (run.parent_rss_mb, run.child_rss_mb)
            print(
                f"{count:3} jobs: parent {run.parent_rss_mb:.0f} MB, largest child {run.child_rss_mb:.0f} MB",
                flush=True,
            )
    for place, what in enumerate(("parent", "worker")):
        print(f"{what}: {peaks[50][place] / peaks[5][place] - 1:+.1%} (target within 10 %)")


if __name__ == "__main__":
    main()
