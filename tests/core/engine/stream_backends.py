"""A backend with a stream for tests of the engine: several of Scribe's jobs are in work at once, in one thread."""

from __future__ import annotations

from collections import deque

from core.engine.backend import GroupSource, StreamedGroup, StreamSize
from core.errors import JobError
from core.storage.store import Store
from tests.core.engine.backends import ScribeContext
from tests.core.engine.group_backends import Scriptorium

TOGETHER = 4


class StreamOfScribe(Scriptorium):
    """Takes up to TOGETHER groups before it makes one; `marks/together` has a line for each, with how many were there."""

    group = 1

    def __init__(self, device: str) -> None:
        super().__init__(device)
        self.stream: StreamSize | None = None

    def open(self, store: Store, context: ScribeContext) -> None:
        super().open(store, context)
        self.stream = StreamSize(groups=TOGETHER, threads=2, bytes=1000)

    def held_bytes(self, decoded: list[str]) -> int:
        return 300

    def make_stream(self, source: GroupSource) -> None:
        taken: deque[StreamedGroup] = deque()
        while True:
            while len(taken) < TOGETHER and (group := source.take(not taken)) is not None:
                taken.append(group)
            if not taken:
                return
            self.store.append("marks/together", f"{len(taken)}")
            group = taken[0]
            try:
                made = [
                    self.scribe.make(job, name, source.report_step(group))
                    for job, name in zip(group.jobs, group.payload, strict=True)
                ]
            except JobError as error:
                source.give(taken.popleft(), error)
            else:
                source.give(taken.popleft(), made)
