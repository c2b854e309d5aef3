"""Signal handlers for the time of a block: Ctrl-C that stops in two steps, or that is ignored."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console


@contextlib.contextmanager
def handle_signal(number: signal.Signals, handler: Callable[..., None] | signal.Handlers) -> Iterator[None]:
    """Have a signal handled by `handler` while the block runs, then as before."""
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def stop_on_ctrl_c(
    out: Console,
    words: str,
    stop: Callable[[], object],
    is_stopping: Callable[[], bool],
    stop_now: Callable[[], object] = lambda: None,
) -> contextlib.AbstractContextManager[None]:
    """While the block runs, the first Ctrl-C prints `words` and calls `stop`; one more calls `stop_now` and interrupts."""

    def interrupt(*_: Any) -> None:
        if is_stopping():
            stop_now()
            raise KeyboardInterrupt
        out.print(words)
        stop()

    return handle_signal(signal.SIGINT, interrupt)


def ignore_ctrl_c() -> contextlib.AbstractContextManager[None]:
    """While the block runs, Ctrl-C does nothing: what is being saved is to be whole."""
    return handle_signal(signal.SIGINT, signal.SIG_IGN)
