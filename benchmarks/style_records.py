"""What was measured is kept in a folder, so that a benchmark that was killed goes on, and clocks that can be stopped."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from core.networks import device as devices

Values = dict[str, Any]
ROOT = Path(__file__).parents[1]
ENGINE_SOURCES = (
    "core/stylize/**/*.py",
    "core/networks/backbone.py",
    "core/networks/device.py",
    "core/config/recipe.py",
    "core/networks/weights.py",
)


class Records:
    """Measurements as JSON files in a folder: each is made once for what it is about, and made again if that changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str, about: Values, make: Callable[[], Values]) -> Values:
        """What `make` returns, from the folder if the like was measured before. The machine's load is added."""
        if (kept := self.kept(name, about)) is not None:
            return kept
        values = {**make(), "load": round(os.getloadavg()[0], 1)}
        path = self.path(f"{name}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(json.dumps({"about": _plain(about), "values": values}, indent=1))
        unfinished.replace(path)
        return _plain(values)

    def kept(self, name: str, about: Values) -> Values | None:
        """What was measured before, if there is any."""
        try:
            found = json.loads(self.path(f"{name}.json").read_text())
        except (OSError, ValueError):
            return None
        return found["values"] if found["about"] == _plain(about) else None

    def path(self, file: str) -> Path:
        """Where a file of this name is."""
        return self.folder / file


def engine() -> Values:
    """What our own measurements hang on beside their settings: the machine's arithmetic, and the engine's source."""
    files = sorted(path for pattern in ENGINE_SOURCES for path in ROOT.glob(pattern))
    source = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    return {**machine(), "source": source}


def machine() -> Values:
    """What any measurement hangs on."""
    return {"engine": devices.engine_name(torch.device("cpu")), "cores": os.cpu_count()}


class Stopwatch:
    """Wall and CPU seconds of this process since it was made, less those in which it was paused."""

    def __init__(self) -> None:
        self._begun = _now()
        self._stopped = (0.0, 0.0)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """What happens inside does not count."""
        before = _now()
        try:
            yield
        finally:
            lost = _less(_now(), before)
            self._stopped = (self._stopped[0] + lost[0], self._stopped[1] + lost[1])

    def read(self) -> Values:
        """The seconds so far."""
        wall, cpu = _less(_less(_now(), self._begun), self._stopped)
        return {"seconds": wall, "cpu_seconds": cpu}


def child(script: Path, *arguments: Any, env: dict[str, str] | None = None) -> Values:
    """Run a benchmark's file in a process of its own, with as many threads, which prints its figures last, in JSON."""
    command = [sys.executable, str(script), *map(str, arguments)]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    own = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": str(torch.get_num_threads()), **(env or {})}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=own)
    found: Values = json.loads(done.stdout.splitlines()[-1])
    return found


def both(over: Values, under: Values) -> str:
    """Two ratios in words: of CPU seconds and of wall clock."""
    cpu, wall = (over[clock] / under[clock] for clock in ("cpu_seconds", "seconds"))
    return f"{cpu:.2f} of CPU time, {wall:.2f} of wall clock"


def loads(found: Sequence[Values]) -> str:
    """The machine's load while these were measured."""
    low, high = min(each["load"] for each in found), max(each["load"] for each in found)
    return f"load {low:.1f}" if low == high else f"loads {low:.1f} to {high:.1f}"


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _less(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return a[0] - b[0], a[1] - b[1]


def _plain(values: Values) -> Values:
    """As it comes back from a file."""
    plain: Values = json.loads(json.dumps(values))
    return plain
