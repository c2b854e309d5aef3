"""Optimisations walked in batches on an accelerator: those at one size together, each batch a step at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from core.errors import JobError
from core.networks.backbone import Backbone
from core.networks.memory import is_out_of_memory
from core.stylize.optimise.batched.descent_request import DescentRequest
from core.stylize.optimise.batched.lane_batch import LaneBatch
from core.stylize.optimise.batched.lane_count import LaneCount
from core.stylize.optimise.lanes import LossAndGradient, LossRequest, evaluate

WINDOW = 4
"""Pictures that are begun at once, for each lane: enough for most batches to be full when there are pictures of several
shapes and sizes.
"""
MOST_BATCHES = 4
"""Batches that are on the device at once: the histories of 16 lanes of 512 x 512 are 3 GB."""

R = TypeVar("R")
Walk = Generator[LossRequest | DescentRequest, LossAndGradient | Tensor, R]
"""Asks for losses or for whole descents, is sent answers, and returns its result."""


@dataclass(frozen=True)
class WalkStart(Generic[R]):
    """How to begin an optimisation, as often as need be, and what it is looked at with."""

    begin: Callable[[], Walk[R]]
    backbone: Backbone


Take = Callable[[bool], "WalkStart[R] | None"]
"""The next optimisation: None if there is none now; asked to wait, None if there will be none."""


class BatchedRun(Generic[R]):
    """Walks optimisations to their ends: those at one size and recipe in one batch, always the fullest batch first.

    Results are (number, result), or the JobError of that picture, in the order in which they end. Where memory runs short,
    lanes are halved and what was begun is begun again.
    """

    def __init__(self, take: Take[R], lanes: LaneCount) -> None:
        self._take, self._lanes = take, lanes
        self._again: deque[int] = deque()
        self._starts: dict[int, WalkStart[R]] = {}
        """Of those that have not ended, by number."""
        self._walks: dict[int, Walk[R]] = {}
        self._alone: deque[tuple[int, LossRequest]] = deque()
        self._waiting: dict[tuple[Any, ...], deque[tuple[int, DescentRequest]]] = {}
        self._batches: dict[tuple[Any, ...], LaneBatch] = {}
        self._ended: deque[tuple[int, R | JobError]] = deque()
        self._begun = 0
        self.calls = self.passes = 0
        """Lanes of the calls that were made, and those of them that had a picture."""

    def results(self) -> Iterator[tuple[int, R | JobError]]:
        """Every optimisation's number, in the order in which they were taken, and its end."""
        while True:
            short_of_memory = False
            try:
                if not self._go_on():
                    return
            except Exception as error:
                short_of_memory = is_out_of_memory(error) and self._lanes.halve()
                if not short_of_memory:
                    raise
            if short_of_memory:  # by now nothing holds what was computed
                self._begin_again()
            while self._ended:
                yield self._ended.popleft()

    def _go_on(self) -> bool:
        """Admit what there is room for, step one batch, take up what has ended. False when nothing is left."""
        while len(self._walks) < WINDOW * self._lanes.most and self._admit():
            pass
        if not self._walks:
            return bool(self._ended)
        if self._alone:
            number, request = self._alone.popleft()
            self._resume(number, evaluate([request], self._starts[number].backbone, 1)[0])
            return True
        kind = self._fullest()
        if kind is not None:
            self._step(kind)
        for batch in list(self._batches.values()):
            for number, end in batch.ended(wait=kind is None):
                self._resume(number, end)
        return True

    def _admit(self) -> bool:
        if self._again:
            self._begin(self._again.popleft())
            return True
        start = self._take(not self._walks and not self._ended)
        if start is None:
            return False
        number, self._begun = self._begun, self._begun + 1
        self._starts[number] = start
        self._begin(number)
        return True

    def _begin(self, number: int) -> None:
        walk = self._starts[number].begin()
        self._advance(number, walk, lambda: next(walk))

    def _resume(self, number: int, answer: Tensor | LossAndGradient | JobError) -> None:
        walk = self._walks.pop(number)
        if isinstance(answer, JobError):
            self._end(number, answer)
        else:
            self._advance(number, walk, lambda: walk.send(answer))

    def _advance(self, number: int, walk: Walk[R], proceed: Callable[[], LossRequest | DescentRequest]) -> None:
        """Take a walk to its next request, or to its end."""
        try:
            request = proceed()
        except StopIteration as end:
            self._end(number, end.value)
            return
        except JobError as error:
            self._end(number, error)
            return
        self._walks[number] = walk
        if isinstance(request, LossRequest):
            self._alone.append((number, request))
        else:
            kind = (*request.kind, id(self._starts[number].backbone))
            self._waiting.setdefault(kind, deque()).append((number, request))

    def _end(self, number: int, end: R | JobError) -> None:
        del self._starts[number]
        self._ended.append((number, end))

    def _fullest(self) -> tuple[Any, ...] | None:
        """The kind whose batch would be the fullest; of equals, the one with the picture that was begun first."""
        room = len(self._batches) < MOST_BATCHES or any(_is_idle(batch) for batch in self._batches.values())
        found: dict[tuple[Any, ...], float] = {}
        for kind, waiting in self._waiting.items():
            batch = self._batches.get(kind)
            if waiting and (batch is not None or room):
                found[kind] = self._fill(kind)
        found.update((kind, self._fill(kind)) for kind, batch in self._batches.items() if batch.active)
        return max(found, key=lambda kind: found[kind]) if found else None

    def _fill(self, kind: tuple[Any, ...]) -> float:
        batch, waiting = self._batches.get(kind), self._waiting.get(kind, deque())
        if batch is not None:
            return min(1.0, (batch.active + len(waiting)) / batch.lanes)
        return min(1.0, len(waiting) / self._lanes.of(*waiting[0][1].picture.shape[1:]))

    def _step(self, kind: tuple[Any, ...]) -> None:
        waiting = self._waiting.get(kind, deque())
        batch = self._batches.get(kind) or self._new_batch(kind)
        while waiting and batch.free:
            batch.put(*waiting.popleft())
        self.calls, self.passes = self.calls + batch.lanes, self.passes + batch.active
        batch.step()

    def _new_batch(self, kind: tuple[Any, ...]) -> LaneBatch:
        """A batch for what waits, in the place of one that nobody is in."""
        if len(self._batches) >= MOST_BATCHES:
            del self._batches[next(each for each, batch in self._batches.items() if _is_idle(batch))]
        number, request = self._waiting[kind][0]
        lanes = self._lanes.of(*request.picture.shape[1:])
        self._batches[kind] = LaneBatch(request, self._starts[number].backbone, lanes)
        return self._batches[kind]

    def _begin_again(self) -> None:
        """Give up the work in hand and the memory that it had; what was begun will be begun again."""
        for walk in self._walks.values():
            walk.close()
        self._walks.clear()
        self._alone.clear()
        self._waiting.clear()
        self._batches.clear()
        self._again = deque(sorted(self._starts))
        if self._lanes.device.type == "cuda":
            torch.cuda.empty_cache()


def _is_idle(batch: LaneBatch) -> bool:
    return not batch.active and not batch.is_looking
