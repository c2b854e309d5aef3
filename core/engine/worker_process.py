"""Child process that computes on one device: `python -m core.engine.worker`."""

from __future__ import annotations

from core.child_process import ChildProcess


class WorkerProcess(ChildProcess):
    """A running worker of a device."""

    def __init__(self, device: str, backend: str) -> None:
        super().__init__("core.engine.worker", device, backend)
