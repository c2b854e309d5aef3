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

from flows.cli.application import app
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
    """The same in this process, which has imported torch and Prefect already: two or three seconds of CPU less.

    Use `nocturne` where a test is about the process: its start, its signals, all that it prints.
    """
    threads, variables, (out, err) = torch.get_num_threads(), dict(os.environ), (io.StringIO(), io.StringIO())
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        stack.callback(_restore, variables, threads)
        patch.setattr(sys, "argv", [NOCTURNE, *map(str, arguments)])
        if cwd is not None:
            patch.chdir(cwd)
        if env is not None:
            os.environ.update(env)
            stack.enter_context(_server_of(env))
        code = exit_code_of(app)
    return Ended(code, out.getvalue(), err.getvalue())


def _restore(variables: dict[str, str], threads: int) -> None:
    """Take back what a command sets for the whole process."""
    os.environ.clear()
    os.environ.update(variables)
    torch.set_num_threads(threads)


def _server_of(env: dict[str, str]) -> contextlib.AbstractContextManager[object]:
    """Have Prefect, which reads the environment when it is imported, use the server that `env` names."""
    if "PREFECT_API_URL" not in env:
        return contextlib.nullcontext()
    from prefect.settings import PREFECT_API_URL, temporary_settings

    return temporary_settings({PREFECT_API_URL: env["PREFECT_API_URL"]})


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
