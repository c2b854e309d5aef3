"""Live displays of a night and a training, where there is no terminal."""

import io
import time
from collections.abc import Callable

import pytest
from rich.console import Console

from core.engine.worker_pool import NightProgress
from core.training.progress import TrainingProgress
from flows import live_display
from flows.live_display import LiveDisplay, NightDisplay, TrainingDisplay


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_display, "REFRESH", 0.01)


def printed(display: LiveDisplay, until: Callable[[str], bool] = bool) -> list[str]:
    """What a display prints before `until` holds of it, five seconds at most, and at its end."""
    sink = display.console.file
    assert isinstance(sink, io.StringIO)
    with display:
        end = time.monotonic() + 5
        while not until(sink.getvalue()) and time.monotonic() < end:
            time.sleep(0.01)
    return sink.getvalue().splitlines()


def screen() -> Console:
    return Console(file=io.StringIO(), width=80)


def test_night_display_prints_count_job_and_step() -> None:
    board = NightProgress(total=12, done=3, current="a\x1b.png", step=20, steps=100, stage="making")
    assert printed(NightDisplay(screen(), board)) == ["3/12 a%1B.png step 20/100"]


def test_night_display_prints_how_far_the_plan_is() -> None:
    display = NightDisplay(screen(), NightProgress())
    display.report_plan("reading", 1000, 2000)
    assert printed(display) == ["0/0 reading 1,000/2,000"]


def test_night_display_prints_notes_once_and_in_order() -> None:
    board = NightProgress(notes=["first [bold]", "second"])
    assert printed(NightDisplay(screen(), board), lambda text: "0/0" in text) == [
        "first [bold]",
        "second",
        "0/0 starting",
    ]
    assert board.notes == []


def test_training_display_waits_before_its_first_line(monkeypatch: pytest.MonkeyPatch) -> None:
    board = TrainingProgress(notes=["a note"], steps=2000)
    assert printed(TrainingDisplay(screen(), board)) == ["a note"]
    monkeypatch.setattr(TrainingDisplay, "first_line_after", 0.0)
    assert printed(TrainingDisplay(screen(), board)) == ["0/2,000 reading pictures"]
