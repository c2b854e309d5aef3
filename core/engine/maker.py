"""What the engine asks of a method: to decode, make and write one job."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol

from core.errors import NocturneError
from core.jobs import Job
from core.store import Store

Tick = Callable[[int, int, float], None]
"""Called with (step, steps, loss) while a job is made; it may raise to abandon the job."""


class Maker(Protocol):
    """Makes jobs in three stages, each in its own thread, one job at a time in a stage.

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

    def write(self, job: Job, made: Any) -> dict[str, Any]:
        """Write the output under its final name. Returns its columns of the manifest's row."""


def load_maker(name: str) -> type[Maker]:
    """The class called `module:Class`. Raises NocturneError if there is none."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]
    except (ImportError, AttributeError) as error:
        raise NocturneError(f"no maker {name!r}: {error}.") from error
