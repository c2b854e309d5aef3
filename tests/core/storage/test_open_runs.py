"""The registry of the runs that this process holds open."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.storage.open_runs import OpenRuns


def test_a_held_session_is_found_by_any_spelling_of_its_folder_until_the_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs: OpenRuns[str] = OpenRuns()
    with runs.hold(tmp_path / "a", "session"):
        assert runs["a"] == runs[str(tmp_path / "a")] == "session"
        with pytest.raises(KeyError):
            runs["b"]
    with pytest.raises(KeyError):
        runs["a"]


def test_join_begins_and_ends_what_nobody_began(tmp_path: Path) -> None:
    runs: OpenRuns[str] = OpenRuns()
    events: list[str] = []
    with runs.join(tmp_path, lambda: _session("mine", events)) as session:
        assert session == runs[tmp_path] == "mine"
    assert events == ["begin mine", "end mine"]
    with pytest.raises(KeyError):
        runs[tmp_path]


def test_join_leaves_an_open_session_to_whoever_began_it(tmp_path: Path) -> None:
    runs: OpenRuns[str] = OpenRuns()
    events: list[str] = []
    with runs.hold(tmp_path, "theirs"):
        with runs.join(tmp_path, lambda: _session("mine", events)) as session:
            assert session == "theirs"
        assert runs[tmp_path] == "theirs"
    assert events == []


def test_join_lists_nothing_that_could_not_begin(tmp_path: Path) -> None:
    runs: OpenRuns[str] = OpenRuns()
    with pytest.raises(OSError, match="no disk"), runs.join(tmp_path, _broken):
        pass
    with pytest.raises(KeyError):
        runs[tmp_path]


@contextlib.contextmanager
def _session(name: str, events: list[str]) -> Iterator[str]:
    events.append(f"begin {name}")
    yield name
    events.append(f"end {name}")


@contextlib.contextmanager
def _broken() -> Iterator[str]:
    raise OSError("no disk")
    yield ""
