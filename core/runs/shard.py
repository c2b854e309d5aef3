"""Making a shard: by this process's session of the run, or else by workers that this process opens for the run.

Any process that sees the run folder can make any shard of its plan; rows are committed as parts, so a shard that is made
twice does no harm. Workers that were opened here stay open for further shards of the run, and end when none came for
IDLE_SECONDS, or with the process.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.engine.worker_pool import WorkerPool
from core.errors import NocturneError
from core.planning.plan_file import read_shard
from core.planning.run_context import RunContext
from core.runs.run_kinds import kind_of, spec_of_run
from core.runs.session import open_sessions
from core.storage.store import Store

IDLE_SECONDS = 60.0
"""Seconds after its last shard that an opened pool keeps its networks and its device."""


@dataclass(frozen=True)
class ShardRecord:
    """How the jobs of a shard ended."""

    shard: int
    done: int
    failed: dict[str, int]
    """By reason."""
    left: int
    """Left for another night, since this one is stopping."""
    seconds: float
    """Of work."""


def make_shard(run: str | Path, shard: int) -> ShardRecord:
    """Make the jobs of a shard of the plan in a run folder. Raises SpecError, StoreBroken, or NocturneError when the
    workers cannot work.
    """
    session = open_sessions.get(run)
    if session is not None:
        return _made_by(session.pool, session.store, shard)
    with _borrowed(Store(run)) as opened:
        return _made_by(opened.pool, opened.store, shard)


def close_idle_workers() -> None:
    """End every pool that was opened for a run and makes no shard now."""
    for opened in list(_opened.values()):
        _close_if_idle(opened)


def _close_if_idle(opened: _OpenedPool) -> None:
    """End a pool, unless a shard is being made by it or another pool has taken its place."""
    with _lock:
        idle = not opened.users and _opened.get(opened.store.root) is opened
        if idle:
            del _opened[opened.store.root]
    if idle:
        opened.close()


def _made_by(pool: WorkerPool, store: Store, shard: int) -> ShardRecord:
    jobs = [] if pool.stopping else read_shard(store, shard)
    outcomes, left = pool.make(jobs)
    return ShardRecord(
        shard=shard,
        done=sum(outcome.status == "done" for outcome in outcomes),
        failed=dict(Counter(outcome.reason or "internal" for outcome in outcomes if outcome.status == "failed")),
        left=left,
        seconds=sum(outcome.seconds for outcome in outcomes),
    )


class _OpenedPool:
    """Workers that this process opened for a run that it does not coordinate."""

    def __init__(self, store: Store, context: RunContext, backend: str, devices: str) -> None:
        self.store, self.context, self.users = store, context, 0
        self.pool = WorkerPool(devices, backend)
        self._timer: threading.Timer | None = None
        self.pool.start()
        self.pool.open(store, context, 0, 0.0)

    def keep(self) -> None:
        """Keep the workers: a shard is to be made."""
        self.users += 1
        if self._timer is not None:
            self._timer.cancel()

    def release(self) -> None:
        """Count a shard as made; without a further one, the workers end after IDLE_SECONDS."""
        self.users -= 1
        if not self.users:
            self._timer = threading.Timer(IDLE_SECONDS, _close_if_idle, (self,))
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """End the workers."""
        if self._timer is not None:
            self._timer.cancel()
        self.pool.close()


@contextlib.contextmanager
def _borrowed(store: Store) -> Iterator[_OpenedPool]:
    """The opened pool of a run, for one shard. One whose workers cannot work is not kept for the next shard."""
    with _lock:
        opened = _pool_of(store)
        opened.keep()
    try:
        yield opened
    except NocturneError:
        with _lock:
            if _opened.get(store.root) is opened:
                del _opened[store.root]
        opened.close()
        raise
    finally:
        with _lock:
            opened.release()


_lock = threading.Lock()
_opened: dict[Path, _OpenedPool] = {}
atexit.register(close_idle_workers)


def _pool_of(store: Store) -> _OpenedPool:
    """The pool of a run; another one where its plan has another context by now, such as the next night's."""
    spec = spec_of_run(store)
    kind = kind_of(spec)
    context, before = kind.context_of(store), _opened.get(store.root)
    if before is not None and before.context == context:
        return before
    if before is not None:
        before.close()
    opened = _opened[store.root] = _OpenedPool(store, context, kind.backend, spec.device)
    return opened
