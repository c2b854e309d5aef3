"""Proxies of the environment: none between this machine and itself, and none that Prefect's client cannot use.

Prefect speaks to its own server over the loopback interface, by a client that takes proxies from the environment, as every
other part of it does. A proxy elsewhere cannot reach this machine's loopback; one of an unknown kind ends the client.
"""

from __future__ import annotations

import ipaddress
import os
import urllib.request
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
NO_PROXY = ("NO_PROXY", "no_proxy")


def bypass_loopback() -> None:
    """Have this process and its children reach this machine without a proxy, whatever is set."""
    for name, other in (NO_PROXY, NO_PROXY[::-1]):
        named = os.environ.get(name) or os.environ.get(other) or ""
        hosts = [host.strip() for host in named.split(",") if host.strip()]
        os.environ[name] = ",".join([*hosts, *(host for host in LOOPBACK if host not in hosts)])


def is_loopback(address: str) -> bool:
    """Whether a URL's host is this machine.

    >>> is_loopback("http://127.0.0.1:4200/api"), is_loopback("http://localhost:4200"), is_loopback("https://studio/api")
    (True, True, False)
    """
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_fault() -> str:
    """Why Prefect's client would not begin with the environment's proxies; empty if it would. No address is told."""
    import httpx

    try:
        httpx.Client().close()
    except ImportError:
        return "a SOCKS proxy needs the package `httpx[socks]`"
    except (ValueError, httpx.InvalidURL):
        kinds = sorted(name for name in urllib.request.getproxies() if name != "no")
        return f"one of the proxies for {', '.join(kinds)} is of a kind that is not known"
    return ""


def drop_proxies() -> None:
    """Take the proxies out of the environment of this process and its children."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy") and name not in NO_PROXY]:
        del os.environ[name]
