"""A studio to break things in: its pictures, its undisturbed run, and what must hold of a run that was disturbed."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.images import image
from core.manifest import manifest
from core.storage.run_paths import MANIFEST_CSV, OUTPUTS, PARTS, REJECTED, output_thumb
from core.storage.store import TEMPORARY, Store

ROOT = Path(__file__).resolve().parents[2]
ASSETS, STYLES = 12, 2
JOBS = ASSETS * STYLES
JOB_SECONDS = 0.04
SCALE = 45
"""These nights go by so many times faster than real ones: jobs of 0.04 s stand for jobs of 1.8 s."""

MADE = {"done": OUTPUTS, "rejected": REJECTED}
"""Where pictures of a status lie."""

NIGHT = [sys.executable, "-m", "tests.faults.night"]


class FaultStudio:
    """A library and a catalog of small pictures, for many runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for number in range(ASSETS):
            _picture(root / f"library/{'trip/' if number % 3 == 0 else ''}p{number:02}.png", number)
        for number in range(STYLES):
            _picture(root / f"catalog/style{number}.png", 100 + number)

    def values(self, out: Path, shard_seconds: float = 2.0, gated: bool = False) -> dict[str, Any]:
        """The spec of a run in `out`; a gated one tries half of its pictures again, and some of these once more."""
        return {
            "library": str(self.root / "library"),
            "catalog": str(self.root / "catalog"),
            "out": str(out),
            "device": "cpu",
            "shard_seconds": shard_seconds,
            "spare_disk": 0.0,
            "recipe": {"size": 48, "steps": 8, "coarse_steps": 0},
            **({"min_score": 0.5, "gate": "seed:2"} if gated else {}),
        }


def _picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((56, 40), Image.Resampling.BICUBIC).save(path)


def environment(folder: Path, doom: dict[str, Any] | None = None, seconds: float = JOB_SECONDS) -> dict[str, str]:
    """The environment of one night at core's level: a cache of its own, its pace, and where it dies."""
    pace = {"seconds": seconds, "scale": SCALE, "log": str(folder / "made.log")}
    own = {"NOCTURNE_CACHE": str(folder / "cache"), "FAKE_BACKEND": json.dumps(pace), "DOOM": json.dumps(doom or {})}
    return {**os.environ, **own, "PYTHONPATH": str(ROOT)}


def started(values: dict[str, Any], folder: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """A night at core's level, in a process group of its own; it prints into `folder`/night.log."""
    folder.mkdir(parents=True, exist_ok=True)
    spec = folder / "spec.json"
    spec.write_text(json.dumps(values))
    with (folder / "night.log").open("ab") as log:
        return subprocess.Popen(
            [*NIGHT, str(spec)],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def rows_of(run: Path) -> list[dict[str, Any]]:
    """The rows of a run's manifest."""
    return manifest.read(Store(run)).to_pylist()  # type: ignore[no-any-return]


def pixels_of(run: Path) -> dict[str, str]:
    """What an undisturbed run says of every output that was made."""
    return {row["output"]: said(row) for row in rows_of(run) if row["status"] in MADE}


def said(row: dict[str, Any]) -> str:
    """What a row says of its picture: its pixels, and what the gate made of it."""
    gate = f" {row['status']}, try {row['attempt']} of {row['retry_of']}, best {row['best']}"
    return f"{row['pixels_sha256']}{gate if row['retry_of'] or row['status'] == 'rejected' else ''}"


def faults_of(run: Path, expected: dict[str, str]) -> list[str]:
    """What is wrong with a run that should hold exactly the `expected` outputs: an empty list if nothing is."""
    rows = rows_of(run)
    store = Store(run)
    counts = Counter(row["output"] for row in rows)
    made = {row["output"]: said(row) for row in rows if row["status"] in MADE}
    faults = [f"lost: {name}" for name in sorted(expected.keys() - made.keys())]
    faults += [f"duplicated: {name}" for name, count in counts.items() if count > 1]
    faults += [f"not planned: {name}" for name in sorted(counts.keys() - expected.keys())]
    faults += [f"other pixels: {name}" for name in made.keys() & expected.keys() if made[name] != expected[name]]
    for status, folder in MADE.items():
        faults += _bad_files(
            store, folder, {row["output"]: row["pixels_sha256"] for row in rows if row["status"] == status}
        )
    listed = [row["output"] for row in csv.DictReader(io.StringIO(store.read(MANIFEST_CSV).decode()))]
    faults += [] if sorted(listed) == sorted(counts) else ["manifest.csv has other rows"]
    faults += [f"part left: {name}" for name in store.names(PARTS)]
    return faults + [f"temporary left: {path}" for path in run.rglob(f"{TEMPORARY}*")]


def _bad_files(store: Store, folder: str, made: dict[str, str]) -> list[str]:
    faults = []
    for name in store.names(folder):
        output = name.removeprefix(f"{folder}/")
        if output not in made:
            faults.append(f"stray: {name}")
            continue
        try:
            whole = image.pixels_sha256(store.read(name)) == made[output]
            image.from_bytes(store.read(output_thumb(output)))
        except Exception as error:  # whatever a broken file makes a decoder raise is the finding
            faults.append(f"corrupt: {name} ({error})")
        else:
            faults += [] if whole else [f"corrupt: {name} has other pixels than its row says"]
    missing = [output for output in made if not store.exists(f"{folder}/{output}")]
    return faults + [f"corrupt: {output} is made and has no file in {folder}" for output in missing]


def redone(log: Path) -> float:
    """Seconds of work that were done more than once, by the log that the backend keeps."""
    seconds: dict[str, list[float]] = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        output, spent = json.loads(line)
        seconds.setdefault(output, []).append(spent)
    return sum(sum(spent[1:]) for spent in seconds.values())
