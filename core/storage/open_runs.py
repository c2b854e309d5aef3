"""Registry of the runs that this process holds open, by folder: Prefect's tasks find here what a command or flow began."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class OpenRuns(Generic[T]):
    """Open sessions by their run's folder.

    >>> runs = OpenRuns[str]()
    >>> with runs.hold("runs/a", "session of a"):
    ...     runs["runs/a"]
    'session of a'
    """

    def __init__(self) -> None:
        self._open: dict[str, T] = {}

    def __getitem__(self, folder: str | Path) -> T:
        """The session of a folder. Raises KeyError."""
        return self._open[_place(folder)]

    def get(self, folder: str | Path) -> T | None:
        """The session of a folder, if there is one."""
        return self._open.get(_place(folder))

    @contextlib.contextmanager
    def hold(self, folder: str | Path, session: T) -> Iterator[T]:
        """List a session that is begun, until the block ends."""
        self._open[_place(folder)] = session
        try:
            yield session
        finally:
            self._open.pop(_place(folder), None)

    @contextlib.contextmanager
    def join(self, folder: str | Path, begin: Callable[[], contextlib.AbstractContextManager[T]]) -> Iterator[T]:
        """The session of a folder: the open one, which its beginner ends; else that of `begin`, listed and ended here."""
        already = self._open.get(_place(folder))
        if already is not None:
            yield already
            return
        with begin() as session, self.hold(folder, session):
            yield session


def _place(folder: str | Path) -> str:
    return os.fspath(Path(folder).absolute())
