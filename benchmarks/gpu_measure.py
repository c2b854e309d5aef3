"""Measures of work on a device: seconds, launches, the share of time that it is busy, waits, memory.

Launches and busy time are by torch.profiler; waits are the warnings of torch.cuda.set_sync_debug_mode, which tells of each
call that has the host wait. A step's figures are the difference of a long and a short run: what begins and ends a run is in
both.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from gpu_setup import Setup

STARTS = ("cudaLaunch", "cuLaunch", "cudaGraphLaunch", "cudaMemcpyAsync", "cudaMemsetAsync")
"""How calls of the runtime begin that have the device do something."""
WAITING = "called a synchronizing"
"""What torch warns with, each time that the host waits."""
TRACED = 8
"""Steps over which launches and waits are counted: two looks of a host that looks every four."""


@dataclass(frozen=True)
class DeviceTrace:
    """What a profile says: calls that started work, kernels and copies that ran, and the seconds in which any did."""

    launches: int
    kernels: int
    busy: float

    @staticmethod
    def of(events: Iterable[Any]) -> DeviceTrace:
        """By the events of a torch.profiler.profile; a graph is one launch of many kernels."""
        spans, launches = [], 0
        for event in events:
            if event.device_type == DeviceType.CUDA:
                if not getattr(event, "is_user_annotation", False):
                    spans.append((event.time_range.start, event.time_range.end))
            elif event.name.startswith(STARTS):
                launches += 1
        return DeviceTrace(launches or len(spans), len(spans), covered(spans) / 1e6)


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """The length of time that spans cover together; streams overlap."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def seconds_of(setup: Setup, work: Callable[[], object]) -> float:
    """Wall-clock seconds, until the device is done."""
    setup.synchronise()
    begun = time.perf_counter()
    work()
    setup.synchronise()
    return time.perf_counter() - begun


def repeated(work: Callable[[], object]) -> Callable[[int], None]:
    """What does some work so many times, and keeps nothing of it."""

    def run(count: int) -> None:
        for _ in range(count):
            work()

    return run


def traced(setup: Setup, work: Callable[[], object]) -> DeviceTrace:
    """The profile of some work."""
    with profile(activities=[ProfilerActivity.CUDA]) as found:
        work()
        setup.synchronise()
    return DeviceTrace.of(found.events())


def waits(work: Callable[[], object]) -> int:
    """Calls of some work that have the host wait for the device."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            work()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum(WAITING in str(each.message) for each in seen)


def per_step(
    setup: Setup, run: Callable[[int], object], few: int, many: int, profiled: bool = True
) -> dict[str, float]:
    """Figures of one step of `run(steps)`, between `few` and `many` steps: milliseconds, and on a GPU how it is used."""
    run(few)  # what is chosen and compiled at first use
    seconds = max(seconds_of(setup, lambda: run(many)) - seconds_of(setup, lambda: run(few)), 1e-9) / (many - few)
    figures = {"ms_a_step": seconds * 1e3}
    if setup.on_gpu and profiled:
        short, long = (traced(setup, lambda steps=steps: run(steps)) for steps in (few, few + TRACED))  # type: ignore[misc]
        stops = waits(lambda: run(few + TRACED)) - waits(lambda: run(few))
        figures |= {
            "launches_a_step": (long.launches - short.launches) / TRACED,
            "kernels_a_step": (long.kernels - short.kernels) / TRACED,
            "waits_a_step": stops / TRACED,
            "busy": (long.busy - short.busy) / TRACED / seconds,
        }
    return figures | memory_of(setup, lambda: run(few))


def memory_of(setup: Setup, work: Callable[[], object]) -> dict[str, float]:
    """The most memory that some work had in use on a GPU, in gigabytes."""
    if not setup.on_gpu:
        return {}
    torch.cuda.reset_peak_memory_stats(setup.device)
    work()
    setup.synchronise()
    return {"peak_gb": torch.cuda.max_memory_allocated(setup.device) / 1e9}
