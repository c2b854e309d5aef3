"""Bars that the work itself moves, with and without a terminal."""

import io
import time

import pytest
from rich.console import Console

from flows import progress
from flows.progress import Bar, BarSequence, loss_text


@pytest.fixture
def screen() -> Console:
    return Console(file=io.StringIO(), width=80)


def printed(screen: Console) -> list[str]:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue().splitlines()


@pytest.mark.parametrize("terminal", [True, False])
def test_bar_is_shown_of_long_work_alone(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=80)
    with Bar(console, "pictures") as shown:
        shown.tick(1, 1000)
        assert file.getvalue() == ""
        now += progress.PATIENCE + 1
        shown.tick(500, 1000)
        shown.tick(600, 1000)
        shown.tick(1000, 1000)
    assert "pictures" in file.getvalue()
    assert ("500/1,000" in file.getvalue()) is not terminal


def test_bar_sequence_names_each_step(screen: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with BarSequence(screen) as bars:
        bars("read")(1, 9)
        bars("drawn")(2, 9)
    assert printed(screen) == ["1/9 read", "2/9 drawn"]


def test_loss_text_of_an_unknown_loss_is_empty() -> None:
    assert loss_text(float("nan")) == ""
