"""Ctrl-C that stops in two steps, or not at all."""

import io
import os
import signal
import threading

import pytest
from rich.console import Console

from flows.commands.signals import ignore_ctrl_c, stop_on_ctrl_c


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_stop_on_ctrl_c_stops_first_and_interrupts_then() -> None:
    out, stop, now = Console(file=io.StringIO()), threading.Event(), threading.Event()
    before = signal.getsignal(signal.SIGINT)
    with stop_on_ctrl_c(out, "Stopping.", stop.set, stop.is_set, now.set):
        press_ctrl_c()
        assert stop.is_set()
        assert not now.is_set()
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c()
    assert now.is_set()
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue() == "Stopping.\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_ignore_ctrl_c_lets_a_block_end() -> None:
    with ignore_ctrl_c():
        press_ctrl_c()
        ended = True
    assert ended
