"""Clock that stands still while this process is stopped: by Ctrl-Z, SIGSTOP, a frozen container or a machine asleep.

A job is not slow because everything was stopped. Whoever asks the clock does so every few seconds; a longer gap between two
questions was no time in which anything ran.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LONGEST_GAP = 4.0
"""Seconds that may go by between two questions; it is asked twice as often."""


class AwakeClock:
    """Seconds since some moment, less the gaps in which nobody asked. Safe to ask from several threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._last, self._total = monotonic(), 0.0

    def time(self) -> float:
        """The seconds now."""
        with self._lock:
            now = self._monotonic()
            self._total += min(now - self._last, LONGEST_GAP)
            self._last = now
            return self._total


awake_time = AwakeClock().time
"""The clock of this process."""
