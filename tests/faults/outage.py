"""A Prefect server that is killed in the middle of a night, for good or to come back: the night goes on to its end.

python -m tests.faults.outage
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deployments.e2e_lite import PREFECT, call, wait_for
from tests.faults.kills import ended
from tests.faults.studio import JOBS, FaultStudio, faults_of, pixels_of
from tests.flows.command import NOCTURNE

AWAY = 8.0
"""Seconds for which a server that comes back is away."""


class Server:
    """A Prefect server that may be killed and started again, with its database."""

    def __init__(self, home: Path, port: int) -> None:
        home.mkdir()
        self._home, self._port = home, port
        self.env = {
            **os.environ,
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }
        self.start()
        wait_for(lambda: call(self.env, "GET", "/health") is True, "the server's health", 120)

    def start(self) -> None:
        """Start it, without waiting for it."""
        with (self._home / "server.log").open("ab") as log:
            command = [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(self._port)]
            self._process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log, start_new_session=True)

    def kill(self) -> None:
        """Kill it with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def night(studio: FaultStudio, folder: Path, server: Server, strike: str) -> tuple[int, float]:
    """A night through the command, whose server is struck after its second picture. Returns exit code and seconds."""
    folder.mkdir()
    flags = ["--library", "library", "--catalog", "catalog", "--out", str(folder / "run"), "--size", "48"]
    flags += ["--steps", "20", "--coarse-steps", "0", "--shard-seconds", "1"]
    begun = time.monotonic()
    with (folder / "night.log").open("wb") as log:
        env = {**server.env, "NOCTURNE_CACHE": str(folder / "cache")}
        running = subprocess.Popen(
            [NOCTURNE, "run", *flags], cwd=studio.root, env=env, stdout=log, stderr=log, start_new_session=True
        )
    if strike:
        wait_for(lambda: len(list((folder / "run").glob("outputs/*/*.png"))) >= 2, "two pictures", 120)
        server.kill()
    if strike == "comes back":
        time.sleep(AWAY)
        server.start()
    return ended(running, 400), time.monotonic() - begun


def main() -> int:
    """Print how the nights ended. Returns 1 if one lost something or lied."""
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        studio = FaultStudio(folder / "studio")
        expected: dict[str, str] = {}
        for number, strike in enumerate(("", "comes back", "stays away")):
            server = Server(folder / f"server{number}", 4310 + number)
            code, seconds = night(studio, folder / f"night{number}", server, strike)
            server.kill()
            expected = expected or pixels_of(folder / f"night{number}/run")
            found = faults_of(folder / f"night{number}/run", expected)
            faults += code != 0 or bool(found) or len(expected) != JOBS
            said = strike or "is left alone"
            print(f"server {said}: exit code {code} after {seconds:.0f} s, {'; '.join(found) or 'whole'}", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
