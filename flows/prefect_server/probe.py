"""Probe of Prefect: its import tried in a child process, since what it prints may hold keys, and what it starts lives on.

The child is `python -m flows.prefect_server.probe`; it answers with one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import asdict, dataclass

from core.child_process import PYTHON, module_path
from core.storage.user_folders import has_home
from flows.prefect_server.environment import DEFAULTS, QUIET
from flows.prefect_server.home import home_fault
from flows.prefect_server.settings import settings_fault

PATIENCE = 60.0
"""Seconds that the import may take."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Why Prefect cannot be used, empty if it can; and the API address that its own settings name."""

    fault: str = ""
    address: str | None = None


def probe_prefect() -> Probe:
    """Import Prefect in a child, where the user is, so that it reads the settings that a night would."""
    command = [*PYTHON, "-W", "ignore", "-m", "flows.prefect_server.probe"]
    env = {**DEFAULTS, **QUIET, **os.environ, "PYTHONPATH": module_path()}
    env.pop("PREFECT_API_URL", None)  # as a night does with one that does not answer; here, what lies behind it counts
    try:
        with tempfile.TemporaryDirectory() as folder:
            env |= _homes(folder)
            ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Probe(f"its import was not over after {PATIENCE:.0f} s")
    try:
        return Probe(**json.loads(ended.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        return Probe(f"its import ended the process ({ended.returncode})")


def _homes(folder: str) -> dict[str, str]:
    """A home where a night would use one of its own, too."""
    homes = {} if has_home() else {"HOME": folder}
    return {**homes, "PREFECT_HOME": folder} if home_fault() else homes


def _answer() -> Probe:
    try:
        import prefect.flows  # noqa: F401 - whether it can be is the question
        from prefect.settings import get_current_settings

        return Probe(address=get_current_settings().api.url)
    except ImportError as error:
        return Probe(f"{type(error).__name__}: {' '.join(str(error).split())}")
    except Exception as error:  # its words may quote the settings, and those hold keys
        return Probe(settings_fault(error))


if __name__ == "__main__":
    print(json.dumps(asdict(_answer())))
