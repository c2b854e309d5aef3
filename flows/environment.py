"""What must be set before Prefect is imported: no telemetry, no downloads, patience with a slow start.

Import this module first, before anything of Prefect.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.parse
import urllib.request

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

    With `quiet`, Prefect prints nothing; a server that is named still gets the flow's log lines.
    """
    for name, value in {**DEFAULTS, **(QUIET if quiet else {})}.items():
        os.environ.setdefault(name, value)
    address = os.environ.get("PREFECT_API_URL")
    if address and reachable(address):
        return None
    os.environ.pop("PREFECT_API_URL", None)  # an empty one is not the same as none to every part of Prefect
    for name, value in EPHEMERAL.items():
        os.environ.setdefault(name, value)
    if not address:
        return None
    return f"The Prefect server at {without_secrets(address)} does not answer; the run goes on with one of its own."


def without_secrets(address: str) -> str:
    """An address with its user, password and query left out, to be shown.

    >>> without_secrets("https://ann:secret@prefect.studio:4200/api?key=1")
    'https://prefect.studio:4200/api'
    """
    try:
        parts = urllib.parse.urlsplit(address)
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return "(an address that cannot be read)"
    return urllib.parse.urlunsplit((parts.scheme, host, parts.path, "", ""))


def reachable(address: str) -> bool:
    """Whether a Prefect server answers at this API address."""
    try:
        with urllib.request.urlopen(address.rstrip("/") + "/health", timeout=REACH_SECONDS) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError, urllib.error.URLError):
        return False
