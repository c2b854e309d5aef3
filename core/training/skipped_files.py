"""Files that a training leaves out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import JobError

Tick = Callable[[int, int], None]
"""Called with (done, total) while pictures are read."""


@dataclass(frozen=True)
class Fault:
    """A file that could not be used: its name, the manifest's word for why, and a sentence."""

    name: str
    reason: str
    message: str

    @staticmethod
    def of(name: str, error: Exception) -> Fault:
        """What an error says of the file of this name."""
        if isinstance(error, OSError):
            return Fault(name, "unreadable", str(error))
        return Fault(name, error.reason if isinstance(error, JobError) else "unsupported", str(error))
