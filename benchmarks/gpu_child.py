"""The process of gpu_coordinator: does the sections that its input names, and answers with their rows as JSON, one a line.

`python gpu_child.py DEVICE QUICK SCRATCH`. A section is a line `[name, "module:function", arguments]`; an empty object ends
its rows. What raises is a row that says so; after a fault of the device the process ends in place of that, as it can no
longer use it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import torch

from core.errors import NocturneError
from core.networks import device as devices
from core.networks.device_faults import is_device_fault
from gpu_setup import Setup

PLACES = 3
"""Places in the code that a fault's row names, innermost last."""


def main(device: str, quick: bool, scratch: Path) -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    try:
        setup = _setup(device, quick, scratch)
    except NocturneError as error:
        _answer(answers, {"refused": str(error)})
        return
    for line in sys.stdin:
        name, work, arguments = json.loads(line)
        try:
            for row in _rows(work, setup, arguments):
                _answer(answers, {"what": name, **row})
        except Exception as error:
            _answer(answers, {"what": name, "fault": _shortly(error), "at": _place(error)})
            if is_device_fault(error):
                _answer(answers, {"spoiled": True})
                os._exit(70)
        _release()
        _answer(answers, {})


def _setup(device: str, quick: bool, scratch: Path) -> Setup:
    chosen = devices.choose(device)
    devices.make_deterministic()
    return Setup(chosen, quick, scratch)


def _rows(work: str, setup: Setup, arguments: list[Any]) -> Iterator[dict[str, Any]]:
    module, _, function = work.partition(":")
    found: Iterator[dict[str, Any]] = getattr(importlib.import_module(module), function)(setup, *arguments)
    return found


def _answer(answers: IO[str], row: dict[str, Any]) -> None:
    answers.write(json.dumps(row, default=str) + "\n")


def _shortly(error: Exception) -> str:
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words[:300]}"


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


def _release() -> None:
    """Give back what a section held."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] == "1", Path(sys.argv[3]))
