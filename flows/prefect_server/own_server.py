"""Prefect's own server of this process: started and waited for with an eye on why it does not come.

Prefect would wait two minutes for a server that has ended, or start it again for ever, and then say that it timed out.
"""

from __future__ import annotations

import atexit
import http.client
import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from core.child_process import PYTHON
from core.errors import NocturneError
from flows.prefect_server.lifetime import end_with_this_process

if TYPE_CHECKING:
    from prefect.server.api.server import SubprocessASGIServer

WAITING = "Waiting for Prefect's own server; its first start on a machine takes half a minute."
TELL_AFTER = 10.0
"""Seconds after which it is said what is waited for."""
PATIENCE = 120.0
"""Seconds that a server may take that has not ended: it makes its database first."""
ATTEMPTS = 3
"""Starts, each at another port: another process may have taken it meanwhile."""
PORT_TAKEN = "address already in use"
LOG_TAIL = 4_000
LOGGING = dict.fromkeys(("PREFECT_SERVER_LOGGING_LEVEL", "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"), "ERROR")
"""What a server says to its log, whatever is shown of Prefect: why it does not start."""
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def check_loopback() -> None:
    """Raises NocturneError if a process of this machine cannot be reached from another over its loopback interface."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=2).close()
    except OSError as error:
        raise NocturneError(
            f"this machine cannot reach itself at 127.0.0.1 ({error.strerror or error}), where Prefect's own server "
            "would listen",
            "bring up its loopback interface (`ip link set lo up`), or name a server by PREFECT_API_URL.",
        ) from error


def start_own_server(tell: Callable[[str], object] = lambda _: None) -> None:
    """Start the server that Prefect will use in this process, and wait until it answers; nothing if it has one already.

    Raises NocturneError with the end of the server's log if it does not come up.
    """
    from prefect.server.api.server import SubprocessASGIServer
    from prefect.settings import get_current_settings

    server = SubprocessASGIServer()
    if server.running or get_current_settings().api.url:
        return
    words = ""
    for _ in range(ATTEMPTS):
        with tempfile.TemporaryFile() as log:
            server.port = server.find_available_port()
            server.server_process = _started(server.port, log)
            end_with_this_process()
            if _answers(server, tell):
                server.running = True
                atexit.register(server.stop)
                return
            words = _tail(log)
        if PORT_TAKEN not in words.lower():
            break
    raise NocturneError(
        f"Prefect's own server did not start: {last_line(words)}",
        "`nocturne doctor` looks for the cause; nothing is lost, and the same command goes on later.",
    )


def last_line(log: str) -> str:
    """The last line of a log that says something, without the user and password of an address.

    >>> last_line("Traceback ...\\nValueError: no postgres://me:secret@host/db\\n\\nApplication startup failed. Exiting.")
    'ValueError: no postgres://host/db'
    """
    lines = [line.strip() for line in log.splitlines() if line.strip() and "startup failed" not in line]
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Exit)\b", line)]
    words = (named or lines or ["it ended, or was ended after two minutes, without a word"])[-1]
    return re.sub(r"//[^/\s]*@", "//", words)[:300]


def _started(port: int, log: IO[bytes]) -> subprocess.Popen[Any]:
    """The server as Prefect starts it, with what it says in a file."""
    import prefect
    from prefect.settings import get_current_settings

    command = [*PYTHON, "-m", "uvicorn", "--app-dir", str(Path(prefect.__file__).parents[1])]
    command += ["--factory", "prefect.server.api.server:create_app", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--log-level", "error", "--lifespan", "on"]
    own = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    env = {**os.environ, **own, **settings, **LOGGING}
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)


def _answers(server: SubprocessASGIServer, tell: Callable[[str], object]) -> bool:
    """Wait until the server answers; False once it has ended, or is ended because it takes too long."""
    process, begun, told = server.server_process, time.monotonic(), False
    assert process is not None
    try:
        while process.poll() is None and time.monotonic() - begun < PATIENCE:
            if _is_healthy(server.api_url):
                return True
            if not told and time.monotonic() - begun > TELL_AFTER:
                tell(WAITING)
                told = True
            time.sleep(0.1)
        process.kill()
        process.wait()
    except BaseException:
        process.kill()
        raise
    return False


def _is_healthy(address: str) -> bool:
    try:
        with _direct.open(f"{address}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def _tail(log: IO[bytes]) -> str:
    log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL))
    return log.read().decode(errors="replace")
