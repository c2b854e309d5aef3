"""Packages that the benchmark of a GPU needs and this Python lacks. Imports nothing but the standard library."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOT_NEEDED = frozenset({"prefect", "fastapi", "typer", "rich", "jinja2", "matplotlib", "scikit-learn", "scikit-image"})
"""What flows, commands, galleries and plots need, and a benchmark of what computes does not."""
MODULES = {"pillow": "PIL"}
"""Modules that are not called as their package is."""


def needed() -> dict[str, str]:
    """The requirement of each package, as pyproject.toml has it, by the module that it brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {}
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0]
        if name not in NOT_NEEDED:
            found[MODULES.get(name, name.replace("-", "_"))] = requirement
    return found


def missing() -> list[str]:
    """Requirements whose module is not here."""
    return [requirement for module, requirement in needed().items() if find_spec(module) is None]


def sentence(requirements: list[str]) -> str:
    """What is missing, and how to have it."""
    quoted = " ".join(f"'{each}'" for each in requirements)
    return (
        f"This Python lacks {', '.join(requirements)}; run `{sys.executable} -m pip install {quoted}`, or where there is no "
        "network, bring their wheels and add `--no-index --find-links FOLDER`."
    )
