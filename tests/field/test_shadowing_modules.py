"""Python files in the folder that a command is started in are no modules of it: they may be strangers', and are not run.

From public reports: python/cpython#101210 (`types.py` beside the user), python/cpython#74007 (`copy.py` is executed).
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from flows.prefect_server import probe
from tests.conftest import Studio
from tests.flows.command import nocturne

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("json", "copy", "random", "torch", "PIL", "uvicorn", "prefect", "core", "flows")
STARTERS = {
    "core/child_process.py": "the one that says how",
    "core/doctor/machine.py": "prints a command",
    "flows/cli/utf8_mode.py": "starts the command itself again",
}
"""Files that may name the interpreter, and why."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files that are called like modules, and leave a mark when they are run."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\nraise SystemExit\n")
    return folder


def test_a_night_runs_none_of_them(folder: Path, studio: Studio) -> None:
    shutil.rmtree(studio.library / "trip")
    spec = studio.root / "s.toml"
    spec.write_text(
        'library = "library"\ncatalog = "catalog"\nout = "run"\nlimit = 1\n[recipe]\nsize = 32\nsteps = 1\n'
    )
    ended = nocturne("run", spec, "--preset", "draft", cwd=folder)
    assert not (folder.parent / "ran").exists()
    assert ended.code == 0, ended


def test_nor_does_the_doctor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert probe.probe_prefect().fault == ""
    assert not (folder.parent / "ran").exists()


def test_children_are_started_in_one_way() -> None:
    astray = set()
    for package in ("core", "flows", "tasks"):
        for path in (ROOT / package).rglob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text()))
            if any(isinstance(node, ast.Attribute) and node.attr in ("executable", "orig_argv") for node in nodes):
                astray.add(str(path.relative_to(ROOT)))
    assert astray == STARTERS.keys()
