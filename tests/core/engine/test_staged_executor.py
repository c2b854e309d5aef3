"""The executor in one process: its stages work on different jobs at once, each on one at a time and in order."""

import threading
from typing import Any

import pytest

from core.engine.backend import StepCallback
from core.engine.commit import Committer
from core.engine.cpu_time import CpuTimer
from core.engine.staged_executor import StagedExecutor
from core.engine.stages import Stages
from core.planning.jobs import Job
from core.planning.run_context import RunContext
from core.storage.store import Store
from tests.core.engine.backends import ScribeContext
from tests.core.engine.single_jobs import SingleJobs
from tests.core.engine.test_engine import by_name, jobs

STAGES = ("decode", "make", "score", "write")
PATIENCE = 20.0
"""Seconds after which a stage that waits for another one gives up."""


class Meeting:
    """A backend whose stages end only when all four are at work, each on its own job; the first and the last jobs meet those
    that there are.
    """

    engine = versions = "test"

    def __init__(self, count: int) -> None:
        self._count = count
        self._at_work = dict.fromkeys(STAGES, 0)
        self._changed = threading.Condition()
        self.seen: list[tuple[str, str]] = []
        self.alone: list[str] = []

    def open(self, store: Store, context: RunContext) -> None:
        pass

    def decode(self, job: Job) -> str:
        return self._meet("decode", job)

    def make(self, job: Job, decoded: str, report_step: StepCallback) -> str:
        return self._meet("make", job)

    def score(self, job: Job, made: str) -> str:
        return self._meet("score", job)

    def write(self, job: Job, made: str) -> dict[str, Any]:
        self._meet("write", job)
        return {"pixels_sha256": "00", "width": 1, "height": 1, "score": 0.5}

    def _meet(self, name: str, job: Job) -> str:
        """Wait until each later job has come as far as it can while this one is here."""
        place = STAGES.index(name)
        with self._changed:
            self._at_work[name] += 1
            self.seen.append((name, job.asset))
            self._changed.notify_all()
            number = self._at_work[name]
            for behind, earlier in enumerate(reversed(STAGES[:place]), start=1):
                wanted = min(self._count, number + behind)
                if not self._changed.wait_for(lambda: self._at_work[earlier] >= wanted, PATIENCE):  # noqa: B023
                    self.alone.append(f"{name} of {job.asset} without {earlier}")
        return job.asset


@pytest.fixture
def store(tmp_path: Any) -> Store:
    return Store(tmp_path / "run")


def test_while_a_job_is_made_the_next_is_read_and_those_before_are_scored_and_written(store: Store) -> None:
    names = [f"job{number}" for number in range(6)]
    backend, committed = Meeting(len(names)), []
    executor = StagedExecutor(
        Stages(
            SingleJobs("cpu", backend), Committer(store, committed.append), ScribeContext(), lambda _: None, CpuTimer()
        )
    )
    for job in jobs(*names):
        executor.submit((job,))
    executor.finish()
    executor.run()
    assert backend.alone == []
    for stage in STAGES:
        assert [asset for name, asset in backend.seen if name == stage] == names
    assert by_name([outcome for message in committed for outcome in message.outcomes]) == dict.fromkeys(names, "done")
