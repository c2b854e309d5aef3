"""A measured run of the flow `batch` in a process of its own, on made-up pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]

CHILD = """
import json, os, resource, sys, time
from flows.prefect_server.environment import prepare
prepare(quiet=True)
from core.runs.session import RunSession
from core.config.spec import Spec
spec = Spec.model_validate(json.loads(sys.argv[1]))
session = RunSession(spec)
session.begin()
from flows.batch import batch
record = batch(spec)
own = resource.getrusage(resource.RUSAGE_SELF)
print("MEASURED", json.dumps({"record": record, "cpu": session.pool.progress.cpu, "parent": own.ru_utime + own.ru_stime,
                              "parent_rss_mb": own.ru_maxrss / 1024}))
"""


@dataclass
class Measured:
    """What one run cost. CPU seconds of the whole process tree, of the parent alone, and of the worker by span."""

    record: dict[str, Any]
    seconds: float
    tree_cpu: float
    parent_cpu: float
    worker_cpu: dict[str, float]
    parent_rss_mb: float
    child_rss_mb: float


def pictures(folder: Path, count: int, side: int, seed: int = 0) -> Path:
    """Distinct pictures of soft noise."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        coarse.resize((side, side), Image.Resampling.BICUBIC).save(folder / f"p{number:05}.png")
    return folder


def measured_run(spec: dict[str, Any], env: dict[str, str], child: str = CHILD) -> Measured:
    """Run the flow with a spec, as `child` does. Raises RuntimeError with what it printed if it fails."""
    with tempfile.TemporaryFile("w+") as out:
        begun = time.monotonic()
        child = subprocess.Popen(
            [sys.executable, "-c", child, json.dumps(spec)],
            cwd=ROOT,
            stdout=out,
            stderr=out,
            env={**os.environ, **env},
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
        out.seek(0)
        text = out.read()
    lines = [line for line in text.splitlines() if line.startswith("MEASURED ")]
    if child.returncode or not lines:
        raise RuntimeError(text[-3000:])
    told = json.loads(lines[-1].removeprefix("MEASURED "))
    return Measured(
        told["record"],
        seconds,
        usage.ru_utime + usage.ru_stime,
        told["parent"],
        told["cpu"],
        told["parent_rss_mb"],
        usage.ru_maxrss / 1024,
    )


def environment(folder: Path) -> dict[str, str]:
    """A Prefect home and a cache of the benchmark's own, with Prefect's own server and no other."""
    return {
        "PREFECT_HOME": str(folder / "prefect"),
        "NOCTURNE_CACHE": str(folder / "cache"),
        "PREFECT_API_URL": "",
    }
