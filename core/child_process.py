"""Child process with a two-way pipe: start `python -m MODULE FD ...`, send messages, learn how it ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PYTHON = (sys.executable, "-P")
"""How children of our own are started: no module comes from the folder that the user is in; its files may be strangers'."""
OUTPUT_TAIL = 2_000
"""Bytes of what a child printed that are kept of it."""
SPIN_ENV = {"GOMP_SPINCOUNT": "10000"}
"""How long torch's threads spin when they wait for each other. Left alone they spin for so long that a pass takes four
times as long while something else uses the CPU; on an idle machine this costs nothing that could be measured."""


def module_path() -> str:
    """The value of PYTHONPATH with which a child finds this checkout, wherever it is started."""
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


@dataclass(frozen=True)
class ExitStatus:
    """How a child ended: its exit code, or minus the signal that killed it."""

    code: int

    @property
    def killed(self) -> bool:
        """Whether a signal ended it."""
        return self.code < 0

    def __str__(self) -> str:
        if not self.killed:
            return f"exit code {self.code}"
        hint = ", often the kernel short of memory" if self.code == -9 else ""
        return f"killed by signal {-self.code}{hint}"


class ChildProcess:
    """A running `python -m <module> FD ...` and the parent's end of its pipe."""

    def __init__(
        self, module: str, *arguments: str, env: Mapping[str, str] | None = None, shares_output: bool = False
    ) -> None:
        """`shares_output`: it prints where this process does; else what it prints is kept for `reap`."""
        ours, theirs = socket.socketpair()
        self._output = None if shares_output else tempfile.TemporaryFile()  # noqa: SIM115 - open as long as it lives
        with theirs:
            self._process = subprocess.Popen(
                [*PYTHON, "-m", module, str(theirs.fileno()), *arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                env={**SPIN_ENV, **os.environ, "PYTHONPATH": module_path(), **(env or {})},
            )
        self.connection = Connection(ours.detach())

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def send(self, message: Any) -> bool:
        """Send a message. Returns False if the child is gone."""
        try:
            self.connection.send(message)
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def reap(self, timeout: float = 30.0) -> tuple[ExitStatus, str]:
        """Wait for its end, closing the pipe. Returns how it ended, and the end of what it printed."""
        self.connection.close()
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        return ExitStatus(code), self._last_words()

    def _last_words(self) -> str:
        if self._output is None:
            return ""
        with self._output as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - OUTPUT_TAIL))
            return file.read().decode(errors="replace").strip()
