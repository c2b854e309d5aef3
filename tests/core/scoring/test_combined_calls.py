"""Calls of several threads that are made as one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.scoring.combined_calls import CombinedCalls


class Squares:
    """Squares numbers; the first call waits until all others have asked."""

    def __init__(self, others: int) -> None:
        self.calls: list[list[int]] = []
        self._others = others
        self.combined = CombinedCalls(self._answer, most=4)

    def _answer(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        while len(self.calls) == 1 and len(self.combined._waiting) < self._others:
            threading.Event().wait(0.001)
        if 13 in numbers:
            raise ValueError("13")
        return [number * number for number in numbers]


def test_those_that_come_while_a_call_is_under_way_are_made_together_by_kind() -> None:
    squares = Squares(others=8)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(squares.combined, "odd", 1)
        while not squares.calls:
            threading.Event().wait(0.001)
        found = [threads.submit(squares.combined, ("even", "odd")[number % 2], number) for number in range(2, 10)]
    assert first.result() == 1
    assert [each.result() for each in found] == [number * number for number in range(2, 10)]
    assert sorted(sorted(call) for call in squares.calls) == [[1], [2, 4, 6, 8], [3, 5, 7, 9]]


def test_no_more_than_the_most_are_made_together() -> None:
    squares = Squares(others=9)
    with ThreadPoolExecutor(10) as threads:
        found = list(threads.map(lambda number: squares.combined("", number), range(20, 30)))
    assert found == [number * number for number in range(20, 30)]
    assert max(map(len, squares.calls)) == 4


def test_an_error_is_that_of_all_who_asked_with_it_and_of_nobody_else() -> None:
    squares = Squares(others=0)
    with pytest.raises(ValueError, match="13"):
        squares.combined("", 13)
    assert squares.combined("", 3) == 9
