"""The bookkeeping of one worker: who is suspected, who is blamed, and when to look again."""

import pytest

from core.engine.job_queue import LONGEST_WAIT, MAX_DEATHS, WINDOW, Rota
from tests.core.engine.test_engine import jobs


def sent(rota: Rota) -> list[str]:
    """What a worker with room is sent now."""
    names = []
    while (following := rota.next()) is not None:
        names.extend(job.asset for job in following[0])
    return names


def test_those_that_merely_waited_are_not_suspected() -> None:
    rota = Rota()
    later = [f"later{number}" for number in range(WINDOW)]
    rota.add(jobs("a", "b", "c", "d", *later))
    assert sent(rota) == ["a", "b", "c", "d", *later[: WINDOW - 4]]
    rota.enter("wave/a.png", "finished")
    rota.enter("wave/b.png", "make")
    rota.enter("wave/c.png", "decode")
    assert rota.place_again() == []
    assert sent(rota) == ["b"], "suspects come first, each alone"
    rota.close("wave/b.png", None)
    assert sent(rota) == ["c"]
    rota.close("wave/c.png", None)
    assert sent(rota) == ["a", "d", *later[: WINDOW - 2]]


def test_one_that_was_there_at_every_death_is_blamed() -> None:
    rota = Rota()
    rota.add(jobs("a", "b"))
    for death in range(1, MAX_DEATHS + 1):
        sent(rota)
        rota.enter("wave/a.png", "make")
        blamed = rota.place_again()
        assert [hand.job.asset for hand in blamed] == (["a"] if death == MAX_DEATHS else [])
    assert sent(rota) == ["b"]


@pytest.mark.parametrize(("limit", "most"), [(5.0, 5.1), (1e12, LONGEST_WAIT)])
def test_the_next_look_is_never_further_than_the_system_can_wait(limit: float, most: float) -> None:
    rota = Rota()
    rota.add(jobs("a", limit=limit))
    sent(rota)
    assert rota.next_limit() is None
    rota.enter("wave/a.png", "make")
    wait = rota.next_limit()
    assert wait is not None
    assert most - 0.5 < wait <= most
