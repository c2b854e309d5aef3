"""A run on a real Prefect worker, cancelled in the middle of a long job: committed within Prefect's 30 s, then gone on with.

python -m tests.faults.cancel
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from core.manifest import manifest
from core.storage.store import TEMPORARY, Store
from deployments.e2e_lite import call, deploy, server, start, wait_for, watch, worker
from tests.faults.studio import FaultStudio

QUICK = 'styles.style0 = {file = "style0.png", recipe.steps = 4}\n'
SLOW = 'styles.style1 = {file = "style1.png", recipe.steps = 9000, recipe.patience = 0}\n'

GRACE = 30.0
"""Seconds after which Prefect kills what it cancels."""


def statuses(run: Path) -> dict[str, str]:
    """Status by output of the run's rows."""
    return {row["output"]: row["status"] for row in manifest.read(Store(run)).to_pylist()}


def spec(studio: FaultStudio, run: Path) -> dict[str, Any]:
    """Three quick jobs, and one that takes minutes, in one shard: nothing is committed before the cancel."""
    (studio.root / "catalog/catalog.toml").write_text(QUICK + SLOW)
    pairs = studio.root / "pairs.csv"
    pairs.write_text("asset,style\np01.png,style0\np02.png,style0\np04.png,style0\np01.png,style1\n")
    return studio.values(run, shard_seconds=3600.0) | {"pairs": str(pairs), "time_limit": 3600.0}


def main() -> int:
    """Print what became of the run. Returns 1 if something was lost or left behind."""
    with tempfile.TemporaryDirectory() as name:
        folder, run = Path(name), Path(name) / "run"
        studio = FaultStudio(folder / "studio")
        with server(folder) as env, worker(env, folder):
            deploy(env)
            parameters = spec(studio, run)
            first = start(env, parameters)
            wait_for(lambda: len(list(run.glob("outputs/style0/*.png"))) == 3, "the quick jobs", 120)
            time.sleep(3)  # well into the long one
            begun = time.monotonic()
            call(env, "POST", f"/flow_runs/{first}/set_state", {"state": {"type": "CANCELLING"}, "force": False})
            state, took = watch(env, first), time.monotonic() - begun
            left = [process.pid for process in psutil.process_iter() if is_worker(process, folder)]
            found = sorted(statuses(run).values())
            torn = list(run.rglob(f"{TEMPORARY}*"))
            (studio.root / "catalog/catalog.toml").write_text(QUICK)
            after = watch(env, start(env, parameters | {"time_limit": None}))
            whole = set(statuses(run).values())
    print(f"cancelled: {state} after {took:.1f} s (Prefect kills after {GRACE:.0f}); {found}; workers left {len(left)}")
    print(f"the next run: {after}, {whole}")
    good = (
        state == "CANCELLED" and took < GRACE and found == ["done", "done", "done", "pending"] and not left and not torn
    )
    return 0 if good and after == "COMPLETED" and whole == {"done"} else 1


def is_worker(process: psutil.Process, folder: Path) -> bool:
    """Whether this is an engine's worker that keeps its cache in `folder`."""
    try:
        own = process.environ().get("NOCTURNE_CACHE", "").startswith(str(folder))
        return own and "core.engine.worker" in process.cmdline()
    except psutil.Error:
        return False


if __name__ == "__main__":
    sys.exit(main())
