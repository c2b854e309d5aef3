"""Planning 10,000 assets x 10 styles: the first time, when every file is read, and the second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from runs import ROOT, environment, pictures

ASSETS, STYLES = 10_000, 10

CHILD = """
import json, resource, sys, time
begun = time.monotonic()
from core.planning.plan_file import begin_night
from core.runs.stylize_plan import make_plan
from core.config.spec import Spec
from core.storage.store import Store
spec = Spec.model_validate(json.loads(sys.argv[1]))
plan = make_plan(spec)
planned = time.monotonic() - begun
if sys.argv[2] == "write":
    begin_night(Store(spec.out), plan)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
whole = time.monotonic() - begun
print(f"{plan.summary.total:,} jobs: planned in {planned:.1f} s, with its files {whole:.1f} s, peak {peak:.0f} MB")
"""


def main() -> None:
    """Print seconds and peak memory of both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = {
            "library": str(pictures(folder / "library", ASSETS, 24)),
            "catalog": str(pictures(folder / "catalog", STYLES, 24, seed=1)),
            "out": str(folder / "run"),
        }
        env = {**os.environ, **environment(folder)}
        for label, mode in (("first time", "look"), ("second time", "write"), ("the next night", "write")):
            command = [sys.executable, "-c", CHILD, json.dumps(spec), mode]
            print(
                label,
                subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout,
                flush=True,
            )


if __name__ == "__main__":
    main()
