"""What a measured speed becomes: a cost model that is remembered."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.config.presets import DEFAULT_PRESET, PRESETS
from core.errors import SpecError
from core.planning import cost_calibration
from core.planning.cost_calibration import calibrate_cost
from core.planning.cost_model import gflop, load_cost, network_of

GOOD = PRESETS[DEFAULT_PRESET]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """What was started to measure; each answers with a launch of 5 ms and 20 µs a GFLOP."""
    monkeypatch.setenv("NOCTURNE_CACHE", str(tmp_path))
    started: list[Any] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        started.append(command)
        launch = 0.0 if command[-1] == "cpu" else 5e-3
        return subprocess.CompletedProcess(command, 0, json.dumps({"rate": 2e-5, "launch": launch}), "")

    monkeypatch.setattr(cost_calibration.subprocess, "run", run)
    return started


def test_a_gpu_is_measured_once_and_its_launches_count_by_the_pass(commands: list[Any]) -> None:
    cost = calibrate_cost("cuda,cuda:1", lambda _: None)
    assert commands[0][-1] == "cuda"
    passes = GOOD.pass_count(512, 384)
    assert passes == 24 + 2 * 32
    assert cost.seconds(GOOD, 512, 384) == pytest.approx(cost.overhead + 5e-3 * passes + 2e-5 * gflop(GOOD, 512, 384))
    assert calibrate_cost("cuda,cuda:1", lambda _: None) == cost == load_cost("cuda,cuda:1")
    assert len(commands) == 1


def test_a_cpu_has_no_launches(commands: list[Any]) -> None:
    cost = calibrate_cost("cpu", lambda _: None)
    assert (cost.rates, cost.launches) == ({network_of(GOOD): 2e-5}, {})


def test_what_cannot_be_measured_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOCTURNE_CACHE", str(tmp_path))
    with pytest.raises(SpecError, match=r"could not be measured: .*The device 'cuda:77' is not on this machine"):
        calibrate_cost("cuda:77", lambda _: None)
