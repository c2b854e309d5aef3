"""Files that a training skips, with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import JobError


@dataclass(frozen=True)
class SkippedFile:
    """A file that could not be used: its name, the manifest's word for why, and a sentence."""

    name: str
    reason: str
    message: str

    @staticmethod
    def of(name: str, error: Exception) -> SkippedFile:
        """The file of this name, skipped because of an error."""
        if isinstance(error, OSError):
            return SkippedFile(name, "unreadable", str(error))
        return SkippedFile(name, error.reason if isinstance(error, JobError) else "unsupported", str(error))
