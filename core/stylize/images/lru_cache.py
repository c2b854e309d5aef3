"""LRU cache for several threads: values within a budget of weights, each made by one thread alone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """Least-recently-used values whose weights fit the budget; the last one is always kept. For several
    threads: one makes a value, the others that ask for it meanwhile wait.

    >>> recent = LruCache(2)
    >>> [recent.get(n, lambda n=n: n * n) for n in (1, 2, 3)]
    [1, 4, 9]
    >>> recent.get(1, lambda: "made again")
    'made again'
    """

    def __init__(self, budget: int, weigh: Callable[[V], int] = lambda _: 1) -> None:
        self._budget, self._weigh = budget, weigh
        self._values: OrderedDict[K, V] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()
        self._making: dict[K, threading.Lock] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of `key`, made if it is not kept."""
        with self._lock:
            if key in self._values:
                return self._latest(key)
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._values:
                    return self._latest(key)
            try:
                value = make()
                with self._lock:
                    self._keep(key, value)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return value

    def _latest(self, key: K) -> V:
        self._values.move_to_end(key)
        return self._values[key]

    def _keep(self, key: K, value: V) -> None:
        self._held += self._weigh(value) - (self._weigh(self._values.pop(key)) if key in self._values else 0)
        self._values[key] = value
        while self._held > self._budget and len(self._values) > 1:
            self._held -= self._weigh(self._values.popitem(last=False)[1])
