"""Prefect's own server: one that does not start ends the wait at once, and its log says why."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import IO, Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from core.errors import NocturneError
from flows.prefect_server import own_server


def test_start_own_server_quotes_the_log_of_one_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(_: int, log: IO[bytes]) -> subprocess.Popen[Any]:
        code = "raise OSError('no database at sqlite://ann:hunter2@disk')"
        return subprocess.Popen([sys.executable, "-c", code], stdout=log, stderr=log)

    monkeypatch.setattr(own_server, "_started", started)
    begun = time.monotonic()
    with (
        temporary_settings({PREFECT_API_URL: None}),
        pytest.raises(NocturneError, match="did not start: OSError: no database at sqlite://disk"),
    ):
        own_server.start_own_server()
    assert time.monotonic() - begun < 20


def test_start_own_server_says_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(_: int, log: IO[bytes]) -> subprocess.Popen[Any]:
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=log, stderr=log)

    monkeypatch.setattr(own_server, "_started", started)
    monkeypatch.setattr(own_server, "TELL_AFTER", 0.0)
    monkeypatch.setattr(own_server, "PATIENCE", 1.0)
    told: list[str] = []
    with temporary_settings({PREFECT_API_URL: None}), pytest.raises(NocturneError, match="did not start"):
        own_server.start_own_server(told.append)
    assert told == [own_server.WAITING]
