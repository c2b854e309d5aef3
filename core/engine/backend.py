"""Backend protocol: what the engine asks of a method, to decode, make, score and write a group of jobs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from core.errors import JobError, NocturneError
from core.planning.jobs import Job
from core.storage.store import Store

StepCallback = Callable[[int, int, float], None]
"""Called with (step, steps, loss) while a job is made; it may raise to abandon the job."""


JobResult = dict[str, Any] | JobError
"""What became of one job of a group: its columns of the manifest's row, or why it was not made."""


class Backend(Protocol):
    """Makes jobs in four stages, each in its own thread. Up to `group` jobs pass the stages together: some are too quick to
    travel alone.

    What a stage raises is of the whole group: its jobs are then tried one by one. Of a group of one, a JobError becomes the
    row's reason; the next job goes on.
    """

    engine: str
    """What the bits depend on besides the job; the manifest's column `engine`."""
    versions: str
    """The manifest's column `versions`."""
    group: int
    """Most jobs in a group."""
    parallel_groups: int
    """Groups that are made at once in a run that is open, each in a thread of its own; 1: each stage has a thread."""

    @staticmethod
    def resolve(device: str) -> str:
        """The very device that a spec's `device` means here, and behind commas others that `auto` means too. Raises
        SpecError if it is not there.
        """

    @staticmethod
    def identity(resolved: str) -> str:
        """A name of that physical device, by which processes take turns on it."""

    def __init__(self, device: str) -> None:
        """Load what every run needs onto a resolved device."""

    def open(self, store: Store, context: Any) -> None:
        """Take up a run: its folder, and its kind's RunContext."""

    def decode(self, jobs: Sequence[Job]) -> Any:
        """Read what the jobs need; computing may begin here."""

    def make(self, jobs: Sequence[Job], decoded: Any, report_step: StepCallback) -> Any:
        """Compute the outputs; calls `report_step` now and then."""

    def needs_all_cores(self, jobs: Sequence[Job], decoded: Any) -> bool:
        """Whether a group is to be made with no other beside it; asked where `parallel_groups` is over 1."""

    def discard(self, decoded: Any) -> None:
        """Discard a group that was decoded and is not to be made tonight."""

    def score(self, jobs: Sequence[Job], made: Any) -> Any:
        """Judge what was made, while the next group is. Returns what `write` gets in its place."""

    def write(self, jobs: Sequence[Job], made: Any) -> Sequence[JobResult]:
        """Write the outputs, which need not be on the disk before `flush_outputs`. Returns what became of each job."""

    def flush_outputs(self) -> Mapping[str, JobError]:
        """Have on the disk, under their final names, all outputs written so far: their rows are about to be committed.

        Returns why, by output, for each that could not be placed. Raises StoreBroken.
        """


@dataclass(frozen=True)
class StreamSize:
    """How a stream is fed: groups that are being made at once, threads that read ahead of it and as many that judge and
    write behind, and bytes of what was read that may be held before it is written.
    """

    groups: int
    threads: int
    bytes: int


class StreamedGroup(Protocol):
    """A group that was decoded, on its way through a stream."""

    jobs: tuple[Job, ...]
    payload: Any
    """What `decode` returned."""


class GroupSource(Protocol):
    """Where a stream gets its groups and leaves them."""

    def take(self, wait: bool) -> StreamedGroup | None:
        """The next group: None if there is none now; asked to wait, None if there will be none."""

    def report_step(self, group: StreamedGroup) -> StepCallback:
        """Whom to tell of a group's steps."""

    def give(self, group: StreamedGroup, made: Any) -> None:
        """Hand over what `make` would have returned, or the JobError that says why nothing was made."""


@runtime_checkable
class StreamBackend(Protocol):
    """A Backend that makes groups together as they come, in place of one after another: a GPU is full only so."""

    stream: StreamSize | None
    """How its stream is fed, in a run that is open; None: groups are made as by any Backend."""

    def make_stream(self, source: GroupSource) -> None:
        """Make groups until there will be none. What it raises is of all groups that were taken and not given."""

    def held_bytes(self, decoded: Any) -> int:
        """Memory that a decoded group takes until it is written."""


def load_backend(name: str) -> type[Backend]:
    """The class called `module:Class`. Raises NocturneError if there is none, or its libraries cannot be loaded."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]
    except (ModuleNotFoundError, AttributeError) as error:
        raise NocturneError(f"no backend {name!r}: {error}.") from error
    except ImportError as error:  # torch's map gigabytes of addresses
        raise NocturneError(
            f"the libraries that make pictures cannot be loaded ({error})",
            "raise the limit on memory, if there is one (`ulimit -v`), or run `make install` again.",
        ) from error
