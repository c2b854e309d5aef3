"""The bookkeeping of one worker: who is suspected, who is failed, and when to look again."""

import pytest

from core.engine.job_queue import LONGEST_WAIT, MAX_CRASHES, WINDOW, JobQueue
from tests.core.engine.test_engine import jobs


def sent(queue: JobQueue) -> list[str]:
    """What a worker with room is sent now."""
    names = []
    while (following := queue.next_group()) is not None:
        names.extend(job.asset for job in following[0])
    return names


def test_those_that_merely_waited_are_not_suspected() -> None:
    queue = JobQueue()
    later = [f"later{number}" for number in range(WINDOW)]
    queue.add(jobs("a", "b", "c", "d", *later))
    assert sent(queue) == ["a", "b", "c", "d", *later[: WINDOW - 4]]
    queue.enter_phase("wave/a.png", "finished")
    queue.enter_phase("wave/b.png", "make")
    queue.enter_phase("wave/c.png", "decode")
    assert queue.requeue_after_crash() == []
    assert sent(queue) == ["b"], "suspects come first, each alone"
    queue.finish("wave/b.png", None)
    assert sent(queue) == ["c"]
    queue.finish("wave/c.png", None)
    assert sent(queue) == ["a", "d", *later[: WINDOW - 2]]


def test_one_that_was_there_at_every_death_is_blamed() -> None:
    queue = JobQueue()
    queue.add(jobs("a", "b"))
    for death in range(1, MAX_CRASHES + 1):
        sent(queue)
        queue.enter_phase("wave/a.png", "make")
        failed = queue.requeue_after_crash()
        assert [group.job.asset for group in failed] == (["a"] if death == MAX_CRASHES else [])
    assert sent(queue) == ["b"]


@pytest.mark.parametrize(("limit", "most"), [(1.0, 1.1), (1e12, LONGEST_WAIT)])
def test_the_next_look_is_never_further_than_the_system_can_wait(limit: float, most: float) -> None:
    queue = JobQueue()
    queue.add(jobs("a", limit=limit))
    sent(queue)
    assert queue.seconds_to_timeout() is None
    queue.enter_phase("wave/a.png", "make")
    wait = queue.seconds_to_timeout()
    assert wait is not None
    assert most - 0.5 < wait <= most
