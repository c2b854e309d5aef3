"""Settings that Prefect does not take end a night with one sentence, which tells no value of them: they may be keys.

From public reports: PrefectHQ/prefect#18258 (a value out of its range), PrefectHQ/prefect#15943 (tracebacks that show what
stood in a file).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.prefect_server.settings import settings_fault

SECRET = "pnu_0123456789"
CHECK = "from flows.prefect_server.settings import check_settings\ncheck_settings()"

CASES = {
    "no number": ({"PREFECT_API_REQUEST_TIMEOUT": SECRET}, "", "PREFECT_API_REQUEST_TIMEOUT: input should be a valid"),
    "out of range": ({"PREFECT_RUNNER_HEARTBEAT_FREQUENCY": "5"}, "", "greater than or equal to 30"),
    "no JSON": ({"PREFECT_CLIENT_CUSTOM_HEADERS": SECRET}, "", "one is no JSON"),
    "a broken profile": ({}, f'active = "a"\n[profiles.a]\nPREFECT_API_KEY = "{SECRET}\n', "a file of them is no TOML"),
    "a wrong one": ({}, f'active = "a"\n[profiles.a]\nPREFECT_API_REQUEST_TIMEOUT = "{SECRET}"\n', "request_timeout"),
}


@pytest.mark.parametrize(("variables", "profiles", "words"), CASES.values(), ids=CASES)
def test_a_setting_that_is_not_taken_is_one_sentence(
    variables: dict[str, str], profiles: str, words: str, tmp_path: Path
) -> None:
    if profiles:
        (tmp_path / "profiles.toml").write_text(profiles)
    env = {**os.environ, **variables, "PREFECT_HOME": str(tmp_path)}
    ended = subprocess.run([sys.executable, "-c", CHECK], env=env, capture_output=True, text=True, check=False)
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("core.errors.NocturneError: Prefect's settings cannot be read: ")
    assert words in last
    assert SECRET not in last


def test_what_is_not_known_is_told_by_its_kind_alone() -> None:
    assert settings_fault(ValueError(SECRET)) == "ValueError"
