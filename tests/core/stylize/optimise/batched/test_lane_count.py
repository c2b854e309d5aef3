"""Lanes by device and size."""

from __future__ import annotations

import pytest
import torch

from core.stylize.optimise.batched.lane_count import LaneCount

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("size", "memory", "lanes"),
    [
        ((512, 512), 139e9, 16),
        ((512, 270), 139e9, 16),
        ((64, 64), 139e9, 16),
        ((724, 724), 139e9, 8),
        ((1024, 1024), 139e9, 4),
        ((1600, 1200), 139e9, 2),
        ((4096, 4096), 139e9, 1),
        ((512, 512), 8e9, 4),
        ((512, 512), 1e9, 1),
    ],
)
def test_lanes_are_a_function_of_memory_and_size(size: tuple[int, int], memory: float, lanes: int) -> None:
    assert LaneCount(CPU, memory).of(*size) == lanes


def test_lanes_are_halved_until_there_is_one() -> None:
    count = LaneCount(CPU, 139e9)
    found = [count.most]
    while count.halve():
        found.append(count.most)
    assert found == [16, 8, 4, 2, 1]
    assert count.of(4096, 4096) == 1
