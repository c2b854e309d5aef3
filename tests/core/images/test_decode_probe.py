"""Trying pictures in a process apart: what hangs or crashes there costs a sentence."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from core.images import decode_probe
from tests.conftest import Studio

LIMIT = 10**9


def test_good_and_bad_pictures_in_order(studio: Studio) -> None:
    good, bad = studio.library / "cat.jpg", studio.library / "new\nline.jpg"
    bad.write_text("no picture")
    ticks: list[tuple[int, int]] = []
    found = decode_probe.find_faults([str(good), str(bad), str(good)], LIMIT, lambda *tick: ticks.append(tick))
    assert found[0] is found[2] is None
    assert found[1] is not None
    assert found[1].reason == "unreadable"
    assert str(found[1]).isprintable()
    assert ticks == [(1, 3), (2, 3), (3, 3)]


def test_nothing_to_try_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert decode_probe.find_faults([], LIMIT) == []


def test_one_that_hangs_is_stopped_and_the_rest_is_tried(studio: Studio, tmp_path: Path) -> None:
    good, stuck = str(studio.library / "cat.jpg"), tmp_path / "stuck.jpg"
    stuck.write_bytes(Path(good).read_bytes())
    assert act_on_child(signal.SIGSTOP, [good, str(stuck), good], patience=1.5) == [None, "timeout", None]


def test_one_that_crashes_the_decoder_is_named(studio: Studio) -> None:
    good = str(studio.library / "cat.jpg")
    assert act_on_child(signal.SIGSEGV, [good, good, good], patience=20) == [None, "unreadable", None]


def act_on_child(number: signal.Signals, paths: list[str], patience: float) -> list[str | None]:
    """Try pictures; the child gets a signal after the first one. Returns the reasons."""
    struck = threading.Event()

    def strike(done: int, _: int) -> None:
        if done == 1 and not struck.is_set():
            struck.set()
            (child,) = (p for p in psutil.Process().children() if "core.images.decode_probe" in p.cmdline())
            os.kill(child.pid, number)
            time.sleep(0.2)

    return [fault and fault.reason for fault in decode_probe.find_faults(paths, LIMIT, strike, patience)]
