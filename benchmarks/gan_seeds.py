"""A seed is one picture: the same `pixels_sha256` in other ranges, in another order, after a kill, and drawn alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import torch

from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling.sampler import Sampler
from core.images import image
from core.networks import device as devices
from core.storage.run_paths import MANIFEST, OUTPUTS
from figure_rows import Row
from runs import environment

COUNT = 3_000
SHUFFLED = f"2000-{COUNT - 1},0-699,1500-1999,700-1499"
SCATTERED = "3,1999,700-702,2999,1001"
ALONE = (0, 7, 8, 1234, COUNT - 1)

Hashes = dict[int, str]


def rows(checkpoint: Path) -> Iterator[Row]:
    """One row: how many of the seeds have the same pixels each time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {**os.environ, **environment(folder)}
        first = sampled(checkpoint, f"0-{COUNT - 1}", folder / "first", env)
        others = {
            "another order": sampled(checkpoint, SHUFFLED, folder / "shuffled", env),
            "scattered seeds": sampled(checkpoint, SCATTERED, folder / "scattered", env),
            "killed and resumed": resumed(checkpoint, folder / "killed", env),
            "alone": alone(checkpoint),
        }
    same = {how: sum(first[seed] == value for seed, value in found.items()) for how, found in others.items()}
    shown = "; ".join(f"{how} {count} of {len(others[how])}" for how, count in same.items())
    met = all(count == len(others[how]) for how, count in same.items())
    yield Row(f"seeds of {checkpoint.stem} with equal pixels_sha256", shown, "all", met)


def command(checkpoint: Path, seeds: str, out: Path) -> list[str]:
    """The command line that samples some seeds."""
    words = ["sample", str(checkpoint.absolute()), "--seeds", seeds, "--out", str(out), "--device", "cpu"]
    return [str(Path(sys.executable).with_name("nocturne")), *words]


def sampled(checkpoint: Path, seeds: str, out: Path, env: dict[str, str]) -> Hashes:
    """Sample some seeds, and read their hashes. Raises RuntimeError with what was printed if it fails."""
    done = subprocess.run(command(checkpoint, seeds, out), env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr)[-3000:])
    rows = pq.read_table(out / MANIFEST, columns=["seed", "pixels_sha256"])
    return dict(zip(rows["seed"].to_pylist(), rows["pixels_sha256"].to_pylist(), strict=True))


def resumed(checkpoint: Path, out: Path, env: dict[str, str]) -> Hashes:
    """Kill a run, with all its processes, once pictures appear; then run it again."""
    seeds = f"0-{COUNT - 1}"
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(command(checkpoint, seeds, out), env=env, start_new_session=True, **silent)
    while child.poll() is None and not any((out / OUTPUTS).rglob("*.png")):
        time.sleep(0.01)
    if child.poll() is not None:
        raise RuntimeError("the run was over before it could be killed")
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    return sampled(checkpoint, seeds, out, env)


def alone(checkpoint: Path) -> Hashes:
    """Some seeds, each drawn by itself in this process."""
    devices.make_deterministic(threads=1)
    sampler = Sampler(checkpoint, torch.device("cpu"), SampleRecipe())
    return {seed: image.pixels_sha256(image.Picture(sampler.sample([seed])[0])) for seed in ALONE}


if __name__ == "__main__":
    for row in rows(Path(sys.argv[1])):
        print(row.line())
