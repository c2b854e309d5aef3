"""Reads of device tensors that do not stop the host: copied to pinned memory behind what is queued, looked at later."""

from __future__ import annotations

import torch
from torch import Tensor


class DelayedRead:
    """A tensor on its way to the host, which nobody changes. Asked for at once, its values would have the host wait until
    the device has done all that was queued, and the device then wait for the host.
    """

    def __init__(self, values: Tensor) -> None:
        self._event: torch.cuda.Event | None = None
        if values.device.type != "cuda":
            self._values = values.cpu()
            return
        self._values = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        self._values.copy_(values, non_blocking=True)
        self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._event.record(torch.cuda.current_stream(values.device))

    @property
    def is_there(self) -> bool:
        """Whether the values can be taken without waiting."""
        return self._event is None or bool(self._event.query())  # type: ignore[no-untyped-call]

    def take(self) -> Tensor:
        """The values, on the CPU, once they are there."""
        if self._event is not None:
            self._event.synchronize()
        return self._values
