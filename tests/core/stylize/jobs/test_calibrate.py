"""The speed of a device, by a clock that says what a launch and a GFLOP take."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from core.networks import device as devices
from core.stylize.jobs import calibrate
from core.stylize.jobs.calibrate import Speed, fitted, measure

RATE, LAUNCH, FIRST = 2e-5, 4e-3, 7.0
"""Seconds a GFLOP, a pass, and of the first picture of a size."""


class FakeDevice:
    """Paints nothing, while its clock goes on as a device with these rates has it."""

    def __init__(self, rate: float = RATE, launch: float = LAUNCH) -> None:
        self.now, self.rate, self.launch = 100.0, rate, launch
        self.sides: list[int] = []

    def clock(self) -> float:
        return self.now

    def painter(self, side: int, _: object) -> Callable[[int], None]:
        self.sides.append(side)
        self.now += FIRST  # targets are made

        def paint(steps: int) -> None:
            self.now += FIRST if steps == 1 else steps * self.launch + self.rate * calibrate._gflop(side, steps)

        return paint


def measured(monkeypatch: pytest.MonkeyPatch, kind: str, fake: FakeDevice) -> Speed:
    monkeypatch.setattr(devices, "choose", lambda _: torch.device(kind))
    monkeypatch.setattr(devices, "make_deterministic", lambda: None)
    monkeypatch.setattr(calibrate, "for_recipe", lambda *_: None)
    monkeypatch.setattr(calibrate, "painter", fake.painter)
    return measure(kind, fake.clock)


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_two_sizes_tell_launches_from_work_on_a_gpu(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    fake = FakeDevice()
    assert measured(monkeypatch, kind, fake) == Speed(pytest.approx(RATE), pytest.approx(LAUNCH))
    assert fake.sides == [calibrate.SIDE, calibrate.LARGE]


def test_a_cpu_is_timed_at_one_size_and_launches_are_part_of_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDevice(launch=0.0)
    assert measured(monkeypatch, "cpu", fake) == Speed(pytest.approx(RATE), 0.0)
    assert fake.sides == [calibrate.SIDE]
    slow = measured(monkeypatch, "cpu", FakeDevice())
    assert slow.rate == pytest.approx(RATE + LAUNCH / calibrate._gflop(calibrate.SIDE, 1))
    assert slow.launch == 0.0


def test_a_line_that_noise_turns_round_gives_the_rate_of_the_large_pass() -> None:
    assert fitted((10.0, 3.0), (100.0, 2.0)) == Speed(0.02), "falling"
    assert fitted((10.0, 0.1), (100.0, 2.0)) == Speed(0.02), "a launch of less than nothing"
    assert fitted((10.0, 0.3), (100.0, 2.1)) == Speed(pytest.approx(0.02), pytest.approx(0.1))


def test_a_cpu_is_really_measured() -> None:
    found = measure("cpu")
    assert 1e-5 < found.rate < 10
    assert found.launch == 0.0
