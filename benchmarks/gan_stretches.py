"""A peer's training in stretches: it may be killed and goes on from its last state, and what it cost is counted.

`state.pt` in its folder holds networks, optimisers and clocks, `clock.jsonl` gets a line each time it is saved, and
`step-<step>.pt` are generators alone. Pickles: they are the benchmark's own, never another's.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch

SAVE_EVERY = 600.0
"""Wall seconds between two saved states."""
KEEP_EVERY = 3
"""Saved states to one generator that is kept."""

State = dict[str, Any]


class Peer(Protocol):
    """A training that can be stopped between any two steps."""

    def step(self) -> None:
        """One step of its optimisers."""

    def state(self) -> State:
        """All that decides how it goes on."""

    def restore(self, state: State) -> None:
        """Go on from `state`."""

    def generators(self) -> State:
        """The weights that draw its samples, by the generator's name."""


@dataclass
class Clock:
    """What a training has cost so far, over all its stretches."""

    steps: int = 0
    wall: float = 0.0
    cpu: float = 0.0


class Stretch:
    """One process's part of a training."""

    def __init__(self, peer: Peer, folder: Path) -> None:
        self.peer, self.folder = peer, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = self._restored()
        self._stopped = False

    def _restored(self) -> Clock:
        file = self.folder / "state.pt"
        if not file.exists():
            return Clock()
        saved = torch.load(file, weights_only=False)
        self.peer.restore(saved["peer"])
        return Clock(**saved["clock"])

    def run(self, enough: Callable[[Clock], bool]) -> Clock:
        """Step until `enough` says so or a signal comes; save now and then, and at the end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        saves = 0
        while not self._stopped and not enough(self.clock):
            self._steps(enough)
            saves += 1
            self._save(keep=saves % KEEP_EVERY == 0 or enough(self.clock))
        return self.clock

    def _steps(self, enough: Callable[[Clock], bool]) -> None:
        """Until the next state is due."""
        before = Clock(**asdict(self.clock))
        wall, cpu = time.monotonic(), time.process_time()
        while not self._stopped and not enough(self.clock) and self.clock.wall - before.wall < SAVE_EVERY:
            self.peer.step()
            self.clock.steps += 1
            self.clock.wall = before.wall + time.monotonic() - wall
            self.clock.cpu = before.cpu + time.process_time() - cpu

    def _save(self, keep: bool) -> None:
        unfinished = self.folder / "state.tmp"
        torch.save({"peer": self.peer.state(), "clock": asdict(self.clock)}, unfinished)
        unfinished.replace(self.folder / "state.pt")
        if keep:
            torch.save(self.peer.generators(), self.folder / f"step-{self.clock.steps:07d}.pt")
        with (self.folder / "clock.jsonl").open("a") as log:
            log.write(json.dumps({"at": time.strftime("%H:%M:%S"), **asdict(self.clock)}) + "\n")

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._stopped = True


def clock_of(folder: Path) -> Clock:
    """What the training in a folder has cost so far."""
    lines = (folder / "clock.jsonl").read_text().splitlines()
    told = json.loads(lines[-1])
    return Clock(told["steps"], told["wall"], told["cpu"])
