"""What a profile and warnings are counted as; no GPU is needed."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.autograd import DeviceType

import gpu_measure
from gpu_measure import DeviceTrace, covered, per_step, waits
from gpu_setup import Setup


def event(name: str, start: float = 0.0, end: float = 0.0, on_device: bool = False, note: bool = False) -> Any:
    return SimpleNamespace(
        name=name,
        device_type=DeviceType.CUDA if on_device else DeviceType.CPU,
        time_range=SimpleNamespace(start=start, end=end),
        is_user_annotation=note,
    )


def test_overlapping_spans_count_once() -> None:
    assert covered([(10, 20), (0, 5), (15, 18), (19, 30)]) == 25


def test_a_profile_counts_calls_kernels_and_busy_time_without_annotations() -> None:
    trace = DeviceTrace.of(
        [
            event("cudaLaunchKernelExC"),
            event("cudaMemcpyAsync"),
            event("cudaStreamSynchronize"),
            event("aten::mm"),
            event("a kernel", 0, 1e6, on_device=True),
            event("Memcpy HtoD", 2e6, 3e6, on_device=True),
            event("Optimizer.step", 0, 9e6, on_device=True, note=True),
        ]
    )
    assert trace == DeviceTrace(launches=2, kernels=2, busy=2.0)


def test_a_graph_is_one_launch_of_many_kernels() -> None:
    kernels = [event("k", number, number + 1, on_device=True) for number in range(9)]
    assert DeviceTrace.of([event("cudaGraphLaunch"), *kernels]).launches == 1


def test_waits_are_the_warnings_of_torch_and_the_mode_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[str] = []
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", modes.append)

    def work() -> None:
        warnings.warn("something else", stacklevel=1)
        for _ in range(3):
            warnings.warn("called a synchronizing CUDA operation", stacklevel=1)

    assert waits(work) == 3
    with pytest.raises(ZeroDivisionError):
        waits(lambda: 1 / 0)
    assert modes == ["warn", "default"] * 2


def test_a_step_is_the_difference_of_a_long_and_a_short_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run of n steps takes 5 + 2 n seconds, 7 + 3 n launches, 11 + 4 n kernels of a half second, and 1 + n waits."""
    done: list[int] = []

    @contextlib.contextmanager
    def profile(activities: Any) -> Iterator[Any]:
        yield SimpleNamespace(events=lambda: events(done[-1]))

    def events(steps: int) -> list[Any]:
        kernels = [event("k", 1e6 * each, 1e6 * each + 5e5, on_device=True) for each in range(11 + 4 * steps)]
        return [*kernels, *(event("cudaLaunchKernel") for _ in range(7 + 3 * steps))]

    def seconds_of(setup: Setup, work: Any) -> float:
        work()
        return 5.0 + 2.0 * done[-1]

    def counted(work: Any) -> int:
        work()
        return 1 + done[-1]

    monkeypatch.setattr(gpu_measure, "profile", profile)
    monkeypatch.setattr(gpu_measure, "seconds_of", seconds_of)
    monkeypatch.setattr(gpu_measure, "waits", counted)
    monkeypatch.setattr(gpu_measure, "memory_of", lambda *_: {"peak_gb": 1.0})
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _: None)
    assert per_step(Setup(torch.device("cuda"), False, tmp_path), done.append, 4, 10) == {
        "ms_a_step": 2000.0,
        "launches_a_step": 3.0,
        "kernels_a_step": 4.0,
        "waits_a_step": 1.0,
        "busy": 1.0,
        "peak_gb": 1.0,
    }
