"""A clock that stands still while nothing runs."""

from core.engine.awake_time import LONGEST_GAP, AwakeClock


def test_time_goes_on_while_it_is_asked() -> None:
    now = [100.0]
    clock = AwakeClock(lambda: now[0])
    for _ in range(10):
        now[0] += 2.0
        clock.time()
    assert clock.time() == 20.0


def test_a_stop_of_hours_is_no_time() -> None:
    now = [100.0]
    clock = AwakeClock(lambda: now[0])
    now[0] += 7200.0
    assert clock.time() == LONGEST_GAP
