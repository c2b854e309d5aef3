"""Session of one training: the run's lock, the device's lock, the training itself, and the wish to stop."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import torch

from core.engine.device_lock import hold_device
from core.networks import device as devices
from core.networks.device_checks import begin_using
from core.storage.open_runs import OpenRuns
from core.storage.store import Store
from core.storage.user_folders import use_writable_folders
from core.training.loop import TrainingLoop
from core.training.progress import TrainingProgress
from core.training.spec import TrainingSpec

AnyTraining = TrainingLoop[Any, Any, Any, Any, Any]
TrainingFactory = Callable[[Any, torch.device, TrainingProgress], AnyTraining]
"""Makes the training of a spec on a device, which writes to its progress. Raises SpecError."""


class TrainingSession:
    """Holds a run and a device from before the pictures are read until after the last checkpoint. A context manager."""

    def __init__(self, spec: TrainingSpec, make: TrainingFactory) -> None:
        self.spec, self.progress = spec, TrainingProgress()
        self.store = Store(spec.out)
        self.stop = threading.Event()
        """Set when somebody wants the training saved and ended."""
        self.training: AnyTraining | None = None
        self._make, self._held = make, contextlib.ExitStack()

    def __enter__(self) -> TrainingSession:
        """Lock run and device, and make the training as it stands. Raises SpecError or RunBusy, and NocturneError
        for a device that cannot be used.
        """
        try:
            self.spec.check()
            self._held.enter_context(self.store.lock())
            self.progress.notes += use_writable_folders(self.store.root)
            device = devices.choose(self.spec.device)
            self._held.enter_context(hold_device(devices.identity(device), lambda: self._wait(str(device))))
            begin_using(device)
            self.training = self._make(self.spec, device, self.progress)
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _wait(self, device: str) -> None:
        self.progress.stage = f"waiting for {device}, which another run is using"


_sessions: OpenRuns[TrainingSession] = OpenRuns()


def open_session(session: TrainingSession) -> contextlib.AbstractContextManager[TrainingSession]:
    """The session of the same run that the caller of a flow has begun already, else this one, begun and ended here."""
    return _sessions.join(session.store.root, lambda: session)


def session_of(run: str) -> TrainingSession:
    """The open session of the training in the folder `run`. Raises KeyError."""
    return _sessions[run]
