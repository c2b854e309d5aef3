"""A wall clock that jumps, as one does that is set right, or set wrong, in the middle of a night."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from core.engine import stages, supervisor, worker_pool
from core.manifest import manifest

_jumps = itertools.cycle((-86_400.0, 3_600.0, -1.0, 400 * 86_400.0, 0.0))


def hop() -> None:
    """Set this process's wall clock to another time, as far as it is read by the engine and the manifest."""
    offset = next(_jumps)

    class Jumped(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(seconds=offset)

    for module in (stages, supervisor, worker_pool):
        module.datetime = Jumped  # type: ignore[attr-defined]
    manifest.time = SimpleNamespace(time_ns=lambda: int((time.time() + offset) * 1e9))  # type: ignore[assignment]
