"""Time from the command until the first job computes, against Prefect's own trivial flow. Warm, with its own server."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from core.manifest import manifest
from core.storage.store import Store
from runs import ROOT, environment, pictures

TRIVIAL = """
import os, time
from flows.prefect_server.environment import prepare
prepare(quiet=True)
from prefect import flow, task
@task
def first(): print("COMPUTES", time.time())
@flow
def trivial(): first()
trivial()
"""
ROUNDS = 3


def trivial(env: dict[str, str]) -> float:
    """Seconds until the task of a one-task flow runs."""
    begun = time.time()
    out = subprocess.run(
        [sys.executable, "-c", TRIVIAL], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    ).stdout
    return float(out.split("COMPUTES ")[1].split()[0]) - begun


def nocturne(env: dict[str, str], folder: Path, round_: int) -> float:
    """Seconds until `nocturne run` decodes its first job."""
    run = folder / f"run{round_}"
    flags = [
        "--library",
        folder / "library",
        "--catalog",
        folder / "catalog",
        "--out",
        run,
        "--size",
        64,
        "--steps",
        2,
    ]
    begun = time.time()
    command = [str(Path(sys.executable).with_name("nocturne")), "run", *map(str, flags)]
    subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True)
    started: list[datetime] = manifest.read(Store(run))["started"].to_pylist()
    return min(started).timestamp() - begun


def main() -> None:
    """Print both times, a few rounds in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures(folder / "library", 4, 64)
        pictures(folder / "catalog", 2, 64, seed=1)
        env = {**os.environ, **environment(folder)}
        trivial(env)  # makes the server's database
        nocturne(env, folder, 0)
        pairs = [(trivial(env), nocturne(env, folder, number)) for number in range(1, ROUNDS + 1)]
    for base, ours in pairs:
        print(f"trivial flow {base:.1f} s, nocturne run {ours:.1f} s: {ours - base:+.1f} s (target +5)")


if __name__ == "__main__":
    main()
