"""Who trains in this process: the run's lock, the device, the training itself, and the wish to stop."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

from core import device as devices
from core.engine.ownership import owning
from core.gan.features import EfficientNetFeatures, efficientnet_side
from core.gan.train_spec import TrainSpec
from core.gan.training import Board, Training
from core.store import Store

_duties: dict[str, TrainingDuty] = {}


class TrainingDuty:
    """Holds a training from before its pictures are read until after its last checkpoint."""

    def __init__(self, spec: TrainSpec) -> None:
        self.spec, self.board = spec, Board()
        self.store = Store(spec.out)
        self.stop = threading.Event()
        """Set when somebody wants the training saved and ended."""
        self.training: Training | None = None
        self._held = contextlib.ExitStack()

    def begin(self) -> Training:
        """Take the run and the device, and the training up where it stands. Raises SpecError or RunBusy."""
        self.spec.check()
        self._held.enter_context(self.store.lock())
        device = devices.choose(self.spec.device)
        self._held.enter_context(owning(str(device), lambda: self._wait(str(device))))

        def network(size: int) -> EfficientNetFeatures:
            return EfficientNetFeatures(device, efficientnet_side(size))

        self.training = Training(self.spec, network, self.board)
        _duties[os.fspath(self.store.root)] = self
        return self.training

    def _wait(self, device: str) -> None:
        self.board.stage = f"waiting for {device}, which another run is using"

    def end(self) -> None:
        """Give run and device back."""
        _duties.pop(os.fspath(self.store.root), None)
        self._held.close()


@contextlib.contextmanager
def on_training_duty(spec: TrainSpec) -> Iterator[TrainingDuty]:
    """The duty of this training, begun now unless the caller of the flow has begun it already. Ends it either way."""
    duty = _duties.get(os.fspath(Store(spec.out).root))
    if duty is None:
        duty = TrainingDuty(spec)
    try:
        if duty.training is None:
            duty.begin()
        yield duty
    finally:
        duty.end()


def training_duty_of(run: str) -> TrainingDuty:
    """The duty of the training in the folder `run` of this process. Raises KeyError."""
    return _duties[run]
