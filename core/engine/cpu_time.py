"""CPU time of a worker's threads, by named span and outside all spans."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterator


class CpuTimer:
    """Adds up CPU seconds of Python threads by span; time of torch's own threads is not counted in either part."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: dict[str, float] = defaultdict(float)
        self._threads: dict[int, float] = {}

    @contextlib.contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Count this thread's CPU time in `name` while the block runs."""
        begun = time.thread_time()
        try:
            yield
        finally:
            now = time.thread_time()
            with self._lock:
                self._spans[name] += now - begun
                self._threads[threading.get_ident()] = now

    @contextlib.contextmanager
    def thread(self) -> Iterator[None]:
        """Count the whole CPU time of this thread, for what lies outside spans."""
        begun = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self._threads[threading.get_ident()] = time.thread_time() - begun

    def spent(self) -> tuple[dict[str, float], float]:
        """CPU seconds by span, and those of the counted threads outside every span."""
        with self._lock:
            spans = dict(self._spans)
            return spans, max(0.0, sum(self._threads.values()) - sum(spans.values()))
