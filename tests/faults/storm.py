"""A worker that is killed every few seconds, for minutes: every job is made once or failed, and the night ends.

    python -m tests.faults.storm [--minutes 5] [--every 5] [--jobs 400]

The worker is the real one, with its networks.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from core.images.image import from_bytes
from core.storage.run_paths import OUTPUTS
from core.storage.store import TEMPORARY, Store
from tests.faults.studio import FaultStudio, environment, rows_of, started

STYLIZE = "core.stylize.jobs.lane_backend:LaneBackend"


def storm(folder: Path, seconds: float, every: float, jobs: int) -> tuple[int, int, float]:
    """A night of so many jobs whose worker is killed `every` so many seconds for `seconds`, then left alone.

    Returns the exit code, how many workers were killed, and how long the night took.
    """
    studio = FaultStudio(folder / "studio")
    values = studio.values(folder / "run", shard_seconds=60.0) | {"variants": -(-jobs // 24), "limit": jobs}
    values["recipe"] = {"size": 48, "steps": 6, "coarse_steps": 0, "init": "noise"}
    begun, kills = time.monotonic(), 0
    night = started(values, folder, {**environment(folder), "BACKEND": STYLIZE, "FAKE_BACKEND": "{}"})
    end = begun + seconds
    while night.poll() is None:
        try:
            night.wait(every)
        except subprocess.TimeoutExpired:
            kills += time.monotonic() < end and killed_worker(night)
        if time.monotonic() > end + 1200:
            os.killpg(night.pid, signal.SIGKILL)
    return night.wait(), kills, time.monotonic() - begun


def killed_worker(night: subprocess.Popen[bytes]) -> bool:
    """Kill the worker that there is now."""
    try:
        workers = [child for child in psutil.Process(night.pid).children() if "core.engine.worker" in child.cmdline()]
        for worker in workers:
            worker.kill()
    except psutil.Error:
        return False
    return bool(workers)


def main() -> int:
    """Print what became of the jobs. Returns 1 if one was lost, doubled or torn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--jobs", type=int, default=400)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    code, kills, took = storm(folder, 60 * arguments.minutes, arguments.every, arguments.jobs)
    rows = rows_of(folder / "run")
    again, _, _ = storm(folder, 0.0, arguments.every, arguments.jobs)
    ends = Counter(row["reason"] or row["status"] for row in rows)
    twice = len(rows) - len({row["output"] for row in rows})
    torn = torn_files(folder / "run")
    print(f"{kills} workers killed, one every {arguments.every:.0f} s; the night ended with {code} after {took:.0f} s")
    print(f"{len(rows)} jobs: {dict(ends)}; duplicated {twice}, torn {torn}")
    print(f"the next night ended with {again}")
    whole = again in (0, code)  # what was failed for its deaths may be made now
    whole &= ends.keys() <= {"done", "internal"} and len(rows) == arguments.jobs and not twice and not torn
    return 0 if whole and code == (3 if ends["internal"] else 0) else 1


def torn_files(run: Path) -> int:
    """Files that do not decode, or are half-written."""
    store, torn = Store(run), len(list(run.rglob(f"{TEMPORARY}*")))
    for name in store.names(OUTPUTS):
        try:
            from_bytes(store.read(name))
        except Exception:  # whatever a torn file makes a decoder raise
            torn += 1
    return torn


if __name__ == "__main__":
    sys.exit(main())
