"""Importing Prefect in a child: what it says comes back without the values of its settings."""

import subprocess
import sys
from pathlib import Path

import pytest

from flows.prefect_server.environment import DEFAULTS
from flows.prefect_server.probe import Probe, probe_prefect

SECRET = "hunter2"
DEAD = f"http://ann:{SECRET}@127.0.0.1:9/api?key=queried"
NO_TOML = "a file of them is no TOML: Expected newline or end of document after a statement (at line 3, column 29)"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", *DEFAULTS):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("profile", "probe"),
    [
        (f'PREFECT_API_URL = "{DEAD}"', Probe(address=DEAD)),
        (f'PREFECT_API_KEY = "{SECRET}" nonsense', Probe(NO_TOML)),
    ],
)
def test_prefects_own_settings_are_read_and_their_values_kept_back(
    profile: str, probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    (tmp_path / "profiles.toml").write_text(f'active = "own"\n[profiles.own]\n{profile}\n')
    assert probe_prefect() == probe


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import os; os._exit(7)", "its import ended the process (7)"),
        (f"print('{SECRET}')", "its import ended the process (0)"),
    ],
)
def test_an_import_that_takes_the_process_with_it(code: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **more: real([sys.executable, "-c", code], **more))
    assert probe_prefect() == Probe(fault)


def test_the_probe_is_sent_out_without_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import os, json; "
        "print(json.dumps({'fault': os.environ['DO_NOT_TRACK'], 'address': os.environ.get('PREFECT_API_URL')}))"
    )
    real = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **more: real([sys.executable, "-c", code], **more))
    monkeypatch.setenv("PREFECT_API_URL", DEAD)
    assert probe_prefect() == Probe("1", None)
