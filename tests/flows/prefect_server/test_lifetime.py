"""The server that one process has started ends with it, however it ends."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SCRIPT = """
import os, signal, subprocess, sys
from types import SimpleNamespace
server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.DEVNULL)
module = SimpleNamespace(SubprocessASGIServer=lambda: SimpleNamespace(server_process=server))
sys.modules["prefect.server.api.server"] = module
from flows.prefect_server.lifetime import end_with_this_process
end_with_this_process()
print(server.pid, flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("how", "code", "alive"), [("killed", -9, False), ("orderly", 0, True)])
def test_it_ends_with_a_process_that_was_killed(how: str, code: int, alive: bool) -> None:
    command = [sys.executable, "-c", SCRIPT, how]
    ended = subprocess.run(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == code
    server = psutil.Process(int(ended.stdout))
    deadline = time.monotonic() + (1.5 if alive else 20)
    while is_alive(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_alive(server) == alive, "after an orderly end it is Prefect that stops its server"
    if alive:
        server.kill()


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
