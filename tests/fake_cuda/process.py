"""Processes that have a pretended CUDA runtime: compiled once a test session, loaded before torch."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def missing() -> str:
    """What keeps the pretended runtime from being compiled and loaded here; empty if nothing does."""
    if sys.platform != "linux":
        return "Linux, whose loader can put one library before another"
    if _compiler() is None:
        return "a C compiler"
    return "" if _headers() else "CUDA's headers, which come with torch's CUDA wheels"


@functools.cache
def library() -> Path:
    """The folder of the compiled runtime, under the names of both libraries that torch looks for."""
    folder = Path(tempfile.mkdtemp(prefix="fake-cuda-"))
    compiler, headers = _compiler(), _headers()
    assert compiler is not None
    assert headers is not None
    made = folder / "libcudart_fake.so"
    include = [f"-I{HERE / 'include'}", f"-I{headers}"]
    subprocess.run([compiler, "-shared", "-fPIC", "-w", *include, "-o", made, HERE / "runtime.c"], check=True)
    shutil.copy(made, folder / "libcuda.so.1")
    return folder


def run(module: str, *arguments: str) -> Any:
    """What `python -m module arguments` prints as JSON in its last line, with the pretended runtime loaded before torch."""
    folder = library()
    env = {
        **os.environ,
        "LD_LIBRARY_PATH": str(folder),
        "LD_PRELOAD": str(folder / "libcudart_fake.so"),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, env=env, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _compiler() -> str | None:
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)


def _headers() -> Path | None:
    """The folder of driver_types.h, of the CUDA that torch's wheels bring, or of one that is installed."""
    found = importlib.util.find_spec("nvidia")
    places = [Path(place) for place in (found.submodule_search_locations or [])] if found else []
    candidates = [*(path for place in places for path in place.glob("*/include")), Path("/usr/local/cuda/include")]
    return next((path for path in candidates if (path / "driver_types.h").exists()), None)
