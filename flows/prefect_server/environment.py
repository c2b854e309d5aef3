"""Environment variables that Prefect reads at its import: no telemetry, no downloads, patience with a slow start.

Import this module first, before anything of Prefect.
"""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from core.errors import NocturneError
from flows.prefect_server.database import check_database
from flows.prefect_server.own_server import check_loopback
from flows.prefect_server.proxies import bypass_loopback, drop_proxies, is_loopback, proxy_fault
from flows.prefect_server.settings import check_settings

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
    server of its own could not start or be reached, or one that is named not by the environment's proxies, and for settings
    that Prefect does not take.
    """
    warning = _prepare(quiet)
    check_settings()  # the last step: they are read once
    return warning


def _prepare(quiet: bool) -> str | None:
    for name, value in {**DEFAULTS, **(QUIET if quiet else {})}.items():
        os.environ.setdefault(name, value)
    bypass_loopback()
    address = os.environ.get("PREFECT_API_URL")
    named = bool(address) and reachable(address or "")
    _check_proxies(address if named else None)
    if named:
        return None
    os.environ.pop("PREFECT_API_URL", None)  # an empty one is not the same as none to every part of Prefect
    for name, value in EPHEMERAL.items():
        os.environ.setdefault(name, value)
    check_loopback()
    check_database()
    if not address:
        return None
    return f"The Prefect server at {redacted(address)} does not answer; the run goes on with one of its own."


def _check_proxies(address: str | None) -> None:
    """Drop proxies that Prefect's client cannot use, unless they are the way to a server on another machine."""
    fault = proxy_fault()
    if fault and address and not is_loopback(address):
        raise NocturneError(
            f"the Prefect server at {redacted(address)} cannot be spoken to: {fault}",
            "correct ALL_PROXY, HTTPS_PROXY and HTTP_PROXY, or name the server in NO_PROXY.",
        )
    if fault:
        drop_proxies()


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
        with _opener().open(redacted(address).rstrip("/") + "/health", timeout=REACH_SECONDS) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        with error:
            return error.code in (401, 403)
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _opener() -> urllib.request.OpenerDirector:
    """Opens addresses by the environment's proxies, ALL_PROXY among them, as Prefect's client does."""
    proxies = urllib.request.getproxies()
    every = {"http": proxies["all"], "https": proxies["all"]} if proxies.get("all") else {}
    return urllib.request.build_opener(urllib.request.ProxyHandler({**every, **proxies}))
