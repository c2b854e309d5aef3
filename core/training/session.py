"""Who trains in this process: the run's lock, the device, the training itself, and the wish to stop."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch

from core.engine.device_lock import owning
from core.networks import device as devices
from core.storage.store import Store
from core.training.loop import Training
from core.training.progress import Board
from core.training.spec import TrainingSpec

AnyTraining = Training[Any, Any, Any, Any, Any]
Make = Callable[[Any, torch.device, Board], AnyTraining]
"""Makes the training of a spec on a device, showing on a board how it goes. Raises SpecError."""

_duties: dict[str, TrainingDuty] = {}


class TrainingDuty:
    """Holds a training from before its pictures are read until after its last checkpoint."""

    def __init__(self, spec: TrainingSpec, make: Make) -> None:
        self.spec, self.board = spec, Board()
        self.store = Store(spec.out)
        self.stop = threading.Event()
        """Set when somebody wants the training saved and ended."""
        self.training: AnyTraining | None = None
        self._make, self._held = make, contextlib.ExitStack()

    def begin(self) -> AnyTraining:
        """Take the run and the device, and the training up where it stands. Raises SpecError or RunBusy."""
        self.spec.check()
        self._held.enter_context(self.store.lock())
        device = devices.choose(self.spec.device)
        self._held.enter_context(owning(str(device), lambda: self._wait(str(device))))
        self.training = self._make(self.spec, device, self.board)
        _duties[os.fspath(self.store.root)] = self
        return self.training

    def _wait(self, device: str) -> None:
        self.board.stage = f"waiting for {device}, which another run is using"

    def end(self) -> None:
        """Give run and device back."""
        _duties.pop(os.fspath(self.store.root), None)
        self._held.close()


@contextlib.contextmanager
def on_training_duty(spec: TrainingSpec, make: Make) -> Iterator[TrainingDuty]:
    """The duty of this training, begun now unless the caller of the flow has begun it already. Ends it either way."""
    duty = _duties.get(os.fspath(Store(spec.out).root))
    if duty is None:
        duty = TrainingDuty(spec, make)
    try:
        if duty.training is None:
            duty.begin()
        yield duty
    finally:
        duty.end()


def training_duty_of(run: str) -> TrainingDuty:
    """The duty of the training in the folder `run` of this process. Raises KeyError."""
    return _duties[run]
