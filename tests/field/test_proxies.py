"""Proxies and networks between a night and its own server: prefect#12896, httpx's reports of `socks://`, curl's NO_PROXY."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from core.errors import NocturneError
from flows.prefect_server.environment import DEFAULTS, EPHEMERAL, QUIET, prepare, reachable
from flows.prefect_server.own_server import check_loopback, last_line
from flows.prefect_server.proxies import bypass_loopback, drop_proxies, proxy_fault
from tests.flows.prefect_server.healthy_server import healthy_server
from tests.needs import needs_namespace

NOWHERE = "http://192.0.2.1:3128"
"""An address kept for documentation: nobody answers there."""
PROXIES = [f"{name}_proxy" for name in ("http", "https", "all", "no")]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy at first; what is set is put back."""
    for name in (*PROXIES, *map(str.upper, PROXIES), *DEFAULTS, *EPHEMERAL, *QUIET, "PREFECT_API_URL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[str]:
    """A server on loopback that is healthy."""
    with healthy_server() as address:
        yield address


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_server_on_this_machine_is_reached_without_a_proxy(
    server: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, NOWHERE)
    monkeypatch.setenv("PREFECT_API_URL", server)
    assert prepare() is None
    import httpx

    with httpx.Client() as client:
        assert client.get(f"{server}/health", timeout=5).status_code == 200
    assert os.environ[name] == NOWHERE, "what is elsewhere keeps its proxy"


@pytest.mark.parametrize("kind", ["socks://192.0.2.1:1080", "socks4://192.0.2.1:1080", "nonsense://x"])
def test_a_proxy_that_the_client_cannot_use_is_dropped_for_a_server_of_its_own(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", kind)
    assert proxy_fault()
    assert prepare() is None
    assert proxy_fault() == ""
    assert "all_proxy" not in os.environ


def test_a_server_elsewhere_is_not_spoken_to_without_its_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks://ann:hunter2@192.0.2.1:1080")
    monkeypatch.setenv("PREFECT_API_URL", "http://studio.example/api")
    monkeypatch.setattr("flows.prefect_server.environment.reachable", lambda address: True)
    with pytest.raises(NocturneError, match=r"studio\.example") as caught:
        prepare()
    assert "hunter2" not in str(caught.value)


def test_a_server_elsewhere_is_reached_by_all_proxy(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", server.removesuffix("/api"))
    assert reachable("http://studio.example/api"), "the proxy answers for it"


def test_hosts_that_are_named_already_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "studio.example, 127.0.0.1")
    bypass_loopback()
    bypass_loopback()
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == "studio.example,127.0.0.1,localhost,::1"


def test_drop_proxies_keeps_what_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "studio.example")
    monkeypatch.setenv("HTTPS_PROXY", NOWHERE)
    drop_proxies()
    assert "HTTPS_PROXY" not in os.environ
    assert os.environ["no_proxy"] == "studio.example"


@needs_namespace
def test_a_machine_without_loopback_is_told_at_once() -> None:
    code = "from flows.prefect_server.own_server import check_loopback; check_loopback()"
    begun = time.monotonic()
    ended = subprocess.run(["unshare", "-n", sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "cannot reach itself at 127.0.0.1 (Network is unreachable)" in ended.stderr
    assert time.monotonic() - begun < 5


def test_loopback_that_works_is_no_fault() -> None:
    check_loopback()


def test_a_log_of_a_server_is_quoted_by_its_last_error() -> None:
    log = "ERROR:    Traceback\n  File x\nsqlite3.OperationalError: disk I/O error\n\nERROR:    Application startup failed."
    assert last_line(log) == "sqlite3.OperationalError: disk I/O error"
    assert "without a word" in last_line("")
