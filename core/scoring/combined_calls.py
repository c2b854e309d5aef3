"""Calls of several threads as one: while one call is under way, those that come wait, and are then made together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass(eq=False)
class _Call(Generic[Asked, Answer]):
    kind: Hashable
    asked: Asked
    answer: Answer | None = None
    error: Exception | None = None
    is_over: bool = False


class CombinedCalls(Generic[Asked, Answer]):
    """Calls `answer_all` with up to `most` questions of one kind; for any number of threads, which need none of its own."""

    def __init__(self, answer_all: Callable[[Sequence[Asked]], Sequence[Answer]], most: int) -> None:
        self._answer_all, self._most = answer_all, most
        self._waiting: list[_Call[Asked, Answer]] = []
        self._adding, self._answering = threading.Lock(), threading.Lock()

    def __call__(self, kind: Hashable, asked: Asked) -> Answer:
        """The answer to one question. Raises what `answer_all` raised for the questions that this one was among."""
        call = _Call[Asked, Answer](kind, asked)
        with self._adding:
            self._waiting.append(call)
        with self._answering:
            while not call.is_over:  # who had the lock before may have answered this one too
                self._answer_some(call.kind)
        if call.error is not None:
            raise call.error
        return call.answer  # type: ignore[return-value]

    def _answer_some(self, kind: Hashable) -> None:
        with self._adding:
            calls = [call for call in self._waiting if call.kind == kind][: self._most]
            self._waiting = [call for call in self._waiting if call not in calls]
        try:
            for call, answer in zip(calls, self._answer_all([call.asked for call in calls]), strict=True):
                call.answer = answer
        except Exception as error:
            for call in calls:
                call.error = error
        for call in calls:
            call.is_over = True
