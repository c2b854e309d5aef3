"""What the engine asks of a method: to decode, make, score and write one job, or a group of jobs at once."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from core.errors import JobError, NocturneError
from core.planning.jobs import Job
from core.storage.store import Store

Tick = Callable[[int, int, float], None]
"""Called with (step, steps, loss) while a job is made; it may raise to abandon the job."""


class Maker(Protocol):
    """Makes jobs in four stages, each in its own thread, one job at a time in a stage.

    Any stage may raise a JobError: the job's row then says why, and the next job goes on.
    """

    engine: str
    """What the bits depend on besides the job; the manifest's column `engine`."""
    versions: str
    """The manifest's column `versions`."""

    @staticmethod
    def resolve(device: str) -> str:
        """The very device that a spec's `device` means here. Raises SpecError if it is not there."""

    def __init__(self, device: str) -> None:
        """Load what every run needs onto a resolved device."""

    def open(self, store: Store, context: dict[str, Any]) -> None:
        """Take up a run."""

    def decode(self, job: Job) -> Any:
        """Read the job's inputs."""

    def make(self, job: Job, decoded: Any, tick: Tick) -> Any:
        """Compute the output; calls `tick` at every step."""

    def score(self, job: Job, made: Any) -> Any:
        """Judge what was made, while the next job is. Returns what `write` gets in its place."""

    def write(self, job: Job, made: Any) -> dict[str, Any]:
        """Write the output under its final name. Returns its columns of the manifest's row."""


Made = dict[str, Any] | JobError
"""What became of one job of a group: its columns of the manifest's row, or why it was not made."""


@runtime_checkable
class GroupMaker(Protocol):
    """Makes jobs that are too quick to travel alone: up to `group` of them pass the four stages together.

    What a stage raises is of the whole group: its jobs are then tried one by one.
    """

    engine: str
    versions: str
    group: int
    """Most jobs in a group."""
    hands: int
    """Groups that are made at once in a run that is open, each in a thread of its own; 1: each stage has a thread."""

    def open(self, store: Store, context: dict[str, Any]) -> None:
        """Take up a run."""

    def decode(self, jobs: Sequence[Job]) -> Any:
        """Read what the jobs need; computing may begin here."""

    def make(self, jobs: Sequence[Job], decoded: Any, tick: Tick) -> Any:
        """Compute the outputs; calls `tick` now and then."""

    def alone(self, jobs: Sequence[Job], decoded: Any) -> bool:
        """Whether a group is to be made with no other beside it; asked where there are several hands."""

    def drop(self, decoded: Any) -> None:
        """Forget a group that was decoded and is not to be made tonight."""

    def score(self, jobs: Sequence[Job], made: Any) -> Any:
        """Judge what was made, while the next group is. Returns what `write` gets in its place."""

    def write(self, jobs: Sequence[Job], made: Any) -> Sequence[Made]:
        """Write the outputs, which need not be on the disk before `settle`. Returns what became of each job."""

    def settle(self) -> Mapping[str, JobError]:
        """Have on the disk, under their final names, all outputs written so far: their rows are about to be committed.

        Returns why, by output, for each that could not be placed. Raises StoreBroken.
        """


class OneByOne:
    """A maker of single jobs as one of groups: groups of one."""

    group = hands = 1

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self.engine, self.versions = maker.engine, maker.versions
        self.open = maker.open

    def decode(self, jobs: Sequence[Job]) -> Any:
        """See Maker."""
        return self._maker.decode(jobs[0])

    def make(self, jobs: Sequence[Job], decoded: Any, tick: Tick) -> Any:
        """See Maker."""
        return self._maker.make(jobs[0], decoded, tick)

    def alone(self, jobs: Sequence[Job], decoded: Any) -> bool:  # noqa: ARG002
        """It always is."""
        return True

    def drop(self, decoded: Any) -> None:
        """See GroupMaker."""

    def score(self, jobs: Sequence[Job], made: Any) -> Any:
        """See Maker."""
        return self._maker.score(jobs[0], made)

    def write(self, jobs: Sequence[Job], made: Any) -> Sequence[Made]:
        """See Maker."""
        return [self._maker.write(jobs[0], made)]

    def settle(self) -> Mapping[str, JobError]:
        """A single maker's outputs are on the disk once they are written."""
        return {}


def in_groups(maker: Any) -> GroupMaker:
    """A maker of either sort as one that makes groups."""
    return maker if isinstance(maker, GroupMaker) else OneByOne(maker)


def load_maker(name: str) -> type[Maker]:
    """The class called `module:Class`. Raises NocturneError if there is none."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]
    except (ImportError, AttributeError) as error:
        raise NocturneError(f"no maker {name!r}: {error}.") from error
