"""What is set before Prefect is imported."""

import os
from collections.abc import Iterator

import pytest

from flows.prefect_server.environment import DEFAULTS, EPHEMERAL, QUIET, prepare, reachable
from tests.flows.prefect_server.healthy_server import healthy_server

NAMES = {*DEFAULTS, *EPHEMERAL, *QUIET, "PREFECT_API_URL"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")  # so that monkeypatch puts back what prepare sets
        monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[str]:
    with healthy_server() as address:
        yield address


def test_no_telemetry_and_patience() -> None:
    assert prepare() is None
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert int(os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"]) >= 120


def test_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_LOGGING_LEVEL", "DEBUG")
    prepare(quiet=True)
    assert os.environ["PREFECT_SERVER_LOGGING_LEVEL"] == "DEBUG"


def test_a_server_that_answers_is_used(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", server)
    assert reachable(server)
    assert prepare() is None
    assert os.environ["PREFECT_API_URL"] == server
    assert not EPHEMERAL.keys() & os.environ.keys()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/api", "nonsense", "http://[::1"])
def test_one_that_does_not_is_named_and_left_aside(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", address)
    warning = prepare()
    assert warning is not None
    assert address in warning or "an address that cannot be read" in warning
    assert "PREFECT_API_URL" not in os.environ
