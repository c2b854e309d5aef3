"""What is shown of a night while it goes on."""

import time
from types import SimpleNamespace

import pytest

from core.engine import worker_pool as worker_pool
from core.engine.messages import Committed, Outcome, Phase, Progress
from core.engine.worker_pool import NightProgress, WorkerPool


@pytest.fixture(autouse=True)
def without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "Supervisor", lambda device, *_: SimpleNamespace(device=device))


def heard(*messages: object) -> NightProgress:
    """Progress of a pool that received messages in 10 seconds of a night of 100 jobs."""
    pool = WorkerPool("cpu", "no:Maker")
    pool.progress.total, pool.progress.predicted = 100, 50.0
    for message in messages:
        pool._handle(message)
    pool.progress.working_since = time.monotonic() - 10
    return pool.progress


def test_before_anything_is_made_the_prediction_stands() -> None:
    assert heard(Phase("a", "make")).seconds_left() == pytest.approx(40, abs=0.5)


def test_what_waits_for_its_commit_counts_as_made() -> None:
    through = [Phase(f"{number}", phase) for number in range(20) for phase in ("make", "finished")]
    assert heard(*through).seconds_left() == pytest.approx(40, abs=0.5)
    outcomes = tuple(Outcome(f"{number}", "done", None, None, 0.1, 0.5) for number in range(20))
    assert heard(*through, Committed(outcomes)).seconds_left() == pytest.approx(40, abs=0.5)


def test_a_job_in_hand_counts_by_its_steps() -> None:
    assert heard(Phase("a", "make"), Progress("a", 50, 100, 1.0)).seconds_left() == pytest.approx(1990, abs=20)
