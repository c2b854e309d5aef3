"""Messages between supervisor and worker over their pipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from core.errors import NocturneError
from core.planning.jobs import Job
from core.planning.run_context import RunContext


@dataclass(frozen=True, slots=True)
class Open:
    """To the worker: the run folder it writes into, and its context."""

    root: str
    context: RunContext


@dataclass(frozen=True, slots=True)
class Make:
    """To the worker: a group of jobs. Messages name it by its first job's output."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Flush:
    """To the worker: commit once the jobs sent before this are through."""


@dataclass(frozen=True, slots=True)
class Drain:
    """To the worker: commit, finish the job in work, and drop the others.

    After `grace` seconds, if it is given, the job in work is given up too.
    """

    grace: float | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """To the worker: end when the jobs sent before this are through."""


@dataclass(frozen=True, slots=True)
class WaitingForDevice:
    """From the worker: another process holds the device's lock; it waits. `identity` is the physical device."""

    device: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """From the worker: the very device that it is to use, and others that its device's name, `auto`, means too."""

    device: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """From the worker: its networks are loaded, on the physical device `identity`, and it makes up to so many jobs as one
    group.
    """

    engine: str
    group: int = 1
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """From the worker: it has opened the run, and makes so many groups at once; `together`: as one piece of work."""

    parallel: int
    together: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """From the worker: a group entered `decode`, `make`, `score` or `write`, waits between them (`wait`), or is
    `finished`: its rows wait for the commit."""

    output: str
    name: str


@dataclass(frozen=True, slots=True)
class Progress:
    """From the worker: how far the group in work is."""

    output: str
    step: int
    steps: int
    loss: float


class Outcome(NamedTuple):
    """How a job ended."""

    output: str
    status: str
    reason: str | None
    message: str | None
    seconds: float
    score: float | None


@dataclass(frozen=True, slots=True)
class Committed:
    """From the worker: these jobs have their rows on disk."""

    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """From the worker: a group was left undone while draining."""

    output: str


@dataclass(frozen=True, slots=True)
class Split:
    """From the worker: a group failed as a whole; its jobs are to be tried one by one, to find the one at fault."""

    output: str


@dataclass(frozen=True, slots=True)
class DeviceFault:
    """From the worker, which ends now: its device failed while these groups were in work, and can be used no more by it."""

    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """From the worker or its supervisor: a line for the run's log; one that is `shown` goes to a person, too."""

    text: str
    shown: bool = False


@dataclass(frozen=True, slots=True)
class CannotWork:
    """From the worker: it cannot work at all, for this reason."""

    error: NocturneError


@dataclass(frozen=True, slots=True)
class CpuSpent:
    """From the worker, as it ends: CPU seconds of its own threads in each span and outside all of them, and of the whole
    process, torch's threads included."""

    spans: dict[str, float] = field(default_factory=dict)
    outside: float = 0.0
    process: float = 0.0
