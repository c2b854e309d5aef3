"""CPU that flow, tasks, worker process, server and manifest add to a job: the slope between 100 and 500 jobs.

Everything outside core's own work (decode, stylise and score, encode and write) in parent, worker and server is overhead.
Start-up falls out, since only the difference between the two runs counts.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from runs import Measured, environment, measured_run, pictures

FEW, MANY = 100, 500
SIDE, STEPS = 64, 4


def overhead(run: Measured) -> tuple[float, float]:
    """(CPU seconds outside core's spans, CPU seconds of the whole process tree)."""
    server = run.tree_cpu - run.parent_cpu - run.worker_cpu["process"]
    return run.parent_cpu + server + run.worker_cpu["outside"], run.tree_cpu


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = pictures(folder / "catalog", 2, SIDE, seed=1)
        env = environment(folder)
        found = {}
        for count in (2, FEW, MANY):  # the first makes the server's database
            library = pictures(folder / f"library{count}", count // 2, SIDE)
            spec = {"library": str(library), "catalog": str(catalog), "out": str(folder / f"run{count}")}
            run = measured_run({**spec, "recipe": {"size": SIDE, "steps": STEPS}, "shard_seconds": 30}, env)
            assert run.record["made"] == count, run.record
            found[count] = run
            server = run.tree_cpu - run.parent_cpu - run.worker_cpu["process"]
            print(
                f"{count:4} jobs: {run.record['seconds'] / count:.2f} s a job, {run.seconds:.0f} s; CPU {run.tree_cpu:.1f} s"
                f": parent {run.parent_cpu:.1f}, server {server:.1f}, worker outside spans {run.worker_cpu['outside']:.2f}",
                flush=True,
            )
        (low, low_all), (high, high_all) = overhead(found[FEW]), overhead(found[MANY])
    share = (high - low) / (high_all - low_all - (high - low))
    print(
        f"slope: {(high - low) / (MANY - FEW) * 1e3:.1f} ms of CPU a job, {share:.1%} of what core itself needs (target 5 %)"
    )


if __name__ == "__main__":
    main()
