"""Sharding: jobs dealt, in plan order, to Prefect tasks of about equal predicted length."""

from __future__ import annotations

MAX_JOBS = 2_000
"""Most jobs in a shard, however quick they are: what a task reads from the plan stays small."""


class Sharder:
    """Deals jobs, in plan order, into shards of about `target` predicted seconds.

    >>> sharder = Sharder(target=60)
    >>> [sharder.place(25) for _ in range(5)]
    [0, 0, 1, 1, 2]
    """

    def __init__(self, target: float, most: int = MAX_JOBS) -> None:
        self._target, self._most = target, most
        self._filled = 0.0
        self._jobs = 0
        self._shard = 0

    def place(self, seconds: float) -> int:
        """The shard of the next job, which is predicted to take `seconds`. A long job has a shard to itself."""
        full = self._filled + seconds > self._target or self._jobs >= self._most
        if self._jobs and full:
            self._shard, self._filled, self._jobs = self._shard + 1, 0.0, 0
        self._filled += seconds
        self._jobs += 1
        return self._shard

    @property
    def count(self) -> int:
        """How many shards there are so far."""
        return self._shard + 1 if self._jobs else 0
