"""Calibration of the cost model: a few seconds of work, timed in a child process, on a machine that is not known yet."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace

from core.child_process import PYTHON, ROOT, SPIN_ENV, module_path
from core.config.presets import DEFAULT_PRESET, PRESETS
from core.errors import SpecError
from core.planning.cost_model import CostModel, load_cost, network_of, save_cost


def calibrate_cost(device: str, say: Callable[[str], None]) -> CostModel:
    """The cost model of a device; if nothing is known of it yet, some seconds of work are timed in a process apart.

    Raises SpecError if the device is not there.
    """
    known = load_cost(device)
    if known.jobs:
        return known
    say("Measuring this machine's speed, once ...")
    first = device.split(",")[0]
    command = [*PYTHON, "-m", "core.stylize.jobs.calibrate", first]
    env = {**SPIN_ENV, **os.environ, "PYTHONPATH": module_path()}
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SpecError(f"this machine's speed could not be measured: {ended.stderr.strip().splitlines()[-1]}")
    found, network = json.loads(ended.stdout), network_of(PRESETS[DEFAULT_PRESET])
    launches = {network: found["launch"]} if found["launch"] else {}
    measured = replace(known, rates={network: found["rate"]}, launches=launches, jobs=1)
    save_cost(measured)
    return measured
