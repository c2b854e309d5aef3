"""Bars that the work itself moves, where there is no terminal."""

import io

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


def test_bar_is_silent_of_short_work(screen: Console) -> None:
    with Bar(screen, "pictures") as bar:
        bar.tick(1, 2)
        bar.tick(2, 2)
    assert printed(screen) == []


def test_bar_prints_a_line_now_and_then(screen: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with Bar(screen, "pictures") as bar:
        bar.tick(1000, 2000)
        bar.tick(1001, 2000)
    assert printed(screen) == ["1,000/2,000 pictures"]


def test_bar_says_nothing_of_work_that_is_done(screen: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with Bar(screen, "pictures") as bar:
        bar.tick(2, 2)
    assert printed(screen) == []


def test_bar_sequence_names_each_step(screen: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with BarSequence(screen) as bars:
        bars("read")(1, 9)
        bars("drawn")(2, 9)
    assert printed(screen) == ["1/9 read", "2/9 drawn"]


def test_loss_text_of_an_unknown_loss_is_empty() -> None:
    assert loss_text(float("nan")) == ""
