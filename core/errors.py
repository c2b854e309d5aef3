"""The exception tree: each class is a reason that the manifest can give.

    NocturneError
    ├── SpecError            the spec is wrong; nothing was started (exit code 2)
    ├── RunBusy              another process is making this run
    ├── Stopped              somebody ended the night; its jobs wait for the next
    ├── StoreBroken          the run folder takes no more files; the night stops, its jobs wait for the next
    └── JobError             one job cannot be made; its row says why, the rest goes on
        ├── Unreadable       the picture cannot be decoded
        ├── Missing          the file is gone
        ├── Changed          the file is not the one that was planned
        ├── TooLarge         the picture is over the pixel limit
        ├── Unsupported      a kind of file that Nocturne does not read
        ├── OutOfMemory      the device or the machine had no memory left
        ├── NotFinite        the optimisation diverged
        ├── TimedOut         the job took longer than its limit
        ├── StorageFailed    the output could not be written
        └── Internal         a fault in Nocturne itself

Messages name the file and say what to do: `what` and `remedy`, which `str` joins.
"""

from __future__ import annotations

from typing import ClassVar

REASONS: tuple[str, ...] = (
    "unreadable",
    "missing",
    "changed",
    "too_large",
    "unsupported",
    "out_of_memory",
    "not_finite",
    "timeout",
    "storage",
    "licence",
    "low_score",
    "near_duplicate",
    "internal",
)
"""Every value that the manifest's `reason` may take."""

TRANSIENT: frozenset[str] = frozenset({"missing", "changed", "out_of_memory", "timeout", "storage", "internal"})
"""Reasons that may be gone the next night, so that the job is tried again without being asked."""


class NocturneError(Exception):
    """Anything that Nocturne reports in a sentence instead of a traceback: what is wrong, and what to do about it.

    >>> str(NocturneError("a.jpg is gone", "put it back."))
    'a.jpg is gone; put it back.'
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what, self.remedy = what, remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}" if self.remedy else self.what


class SpecError(NocturneError):
    """The spec asks for something impossible; nothing was started."""


class RunBusy(NocturneError):
    """Another process holds the run's lock."""


class Stopped(NocturneError):
    """The night was ended from outside before it was over."""


class StoreBroken(NocturneError):
    """The run folder takes no more files: the disk is full, gone, or may not be written to any more."""


class JobError(NocturneError):
    """One job cannot be made. `reason` is the manifest's word for it."""

    reason: ClassVar[str] = "internal"


class Unreadable(JobError):
    """The picture cannot be decoded, or may not be read."""

    reason = "unreadable"


class Missing(JobError):
    """The file was there when the plan was made and is gone; or an asset has no mask or region map."""

    reason = "missing"


class Changed(JobError):
    """The file is not the one that the plan was made for."""

    reason = "changed"


class TooLarge(JobError):
    """The picture has more pixels than the limit allows."""

    reason = "too_large"


class Unsupported(JobError):
    """A kind of picture or link that Nocturne does not read; a mask or region map that does not fit."""

    reason = "unsupported"


class OutOfMemory(JobError):
    """The device or the machine had no memory left for this job."""

    reason = "out_of_memory"


class NotFinite(JobError):
    """The loss became infinite or not a number."""

    reason = "not_finite"


class TimedOut(JobError):
    """The job took longer than its limit."""

    reason = "timeout"


class StorageFailed(JobError):
    """The output could not be written under its name; a disk that takes nothing more stops the night instead."""

    reason = "storage"


class Internal(JobError):
    """A fault in Nocturne itself, or the job was in work at three deaths of the worker."""

    reason = "internal"
