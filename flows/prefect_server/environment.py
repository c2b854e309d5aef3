"""Environment variables that Prefect reads at its import: no telemetry, no downloads, patience with a slow start.

Import this module first, before anything of Prefect.
"""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from flows.prefect_server.database import check_database

REACH_SECONDS = 3.0
QUIET = {
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
}
DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}
EPHEMERAL = {
    # A server that lives as long as one run has nothing to schedule, nothing late, and nobody to notify.
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_REPOSSESSOR_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_FOREMAN_ENABLED": "false",
}


def prepare(quiet: bool = False) -> str | None:
    """Set what Prefect reads from the environment, unless the user has. Returns a warning if the server is unreachable.

    With `quiet`, Prefect prints nothing; a server that is named still gets the flow's log lines. Raises NocturneError if a
    server of its own could not start.
    """
    for name, value in {**DEFAULTS, **(QUIET if quiet else {})}.items():
        os.environ.setdefault(name, value)
    address = os.environ.get("PREFECT_API_URL")
    if address and reachable(address):
        return None
    os.environ.pop("PREFECT_API_URL", None)  # an empty one is not the same as none to every part of Prefect
    for name, value in EPHEMERAL.items():
        os.environ.setdefault(name, value)
    check_database()
    if not address:
        return None
    return f"The Prefect server at {redacted(address)} does not answer; the run goes on with one of its own."


def redacted(address: str) -> str:
    """An address without user, password, query and fragment; of what is no plain address nothing is shown.

    >>> redacted("https://me:secret@studio:4200/api?key=1")
    'https://studio:4200/api'
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "an address that cannot be read"
    # An @ further on is of a password with a / or ? in it: what was taken for the host is then a part of it.
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.path + parts.query + parts.fragment:
        return "an address that cannot be read"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path}"


def reachable(address: str) -> bool:
    """Whether a Prefect server answers at this API address; one that asks for a password does."""
    try:
        with urllib.request.urlopen(redacted(address).rstrip("/") + "/health", timeout=REACH_SECONDS) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        with error:
            return error.code in (401, 403)
    except (OSError, ValueError, http.client.HTTPException):
        return False
