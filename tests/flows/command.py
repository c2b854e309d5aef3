"""The `nocturne` command as a user runs it: in a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from flows.cli import app
from flows.cli.exit_handling import exit_code_of

NOCTURNE = str(Path(sys.executable).with_name("nocturne"))


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def nocturne(*arguments: object, env: dict[str, str] | None = None, cwd: Path | None = None) -> Ended:
    """Run a command to its end, for two minutes at most."""
    ended = subprocess.run(
        [NOCTURNE, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def here(*arguments: object, env: dict[str, str] | None = None, cwd: Path | None = None) -> Ended:
    """The same in this process, for what ends before the work begins, or only looks: without the start of another one,
    which is a second or two.
    """
    threads, (out, err) = torch.get_num_threads(), (io.StringIO(), io.StringIO())
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", [NOCTURNE, *map(str, arguments)])
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        if cwd is not None:
            patch.chdir(cwd)
        code = exit_code_of(app)
    torch.set_num_threads(threads)
    return Ended(code, out.getvalue(), err.getvalue())


def started(*arguments: object, env: dict[str, str]) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, which hears Ctrl-C even if the tests were begun in the background."""
    return subprocess.Popen(
        [NOCTURNE, *map(str, arguments)],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # shells have background jobs ignore it
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, **env},
    )
