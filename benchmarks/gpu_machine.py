"""What the device and its machine are, and the rates that nothing on it can exceed."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from typing import Any

import numpy
import PIL
import torch

from core.networks import device as devices
from core.networks.memory import available_bytes
from core.networks.versions import recorded_versions
from gpu_measure import repeated, seconds_of
from gpu_setup import Setup

SIDE = 8192
BYTES = 1 << 30
REPEATS = 10


def machine(setup: Setup) -> Iterator[dict[str, Any]]:
    """Versions, cores, memory; on a GPU also the ceilings of products and copies, and the prices of a launch and a wait."""
    yield {
        "engine": devices.engine_name(setup.device),
        "versions": recorded_versions(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": (available_bytes() or 0) / 1e9,
    }
    if setup.on_gpu:
        yield {"what": "the GPU", **_gpu(setup)}
        yield {"what": "ceilings", **_ceilings(setup)}
        yield {"what": "prices", **_prices(setup)}


def _gpu(setup: Setup) -> dict[str, Any]:
    found = torch.cuda.get_device_properties(setup.device)
    free, total = torch.cuda.mem_get_info(setup.device)
    return {
        "name": found.name,
        "capability": f"{found.major}.{found.minor}",
        "count": torch.cuda.device_count(),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "free_gb": free / 1e9,
        "total_gb": total / 1e9,
    }


def _ceilings(setup: Setup) -> dict[str, float]:
    """TFLOP/s of large products, terabytes a second within the device, gigabytes a second to it."""
    found = {}
    for name, kind in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        x = torch.ones(SIDE, SIDE, device=setup.device, dtype=kind)
        found[f"{name}_tflops"] = 2 * SIDE**3 / _each(setup, lambda x=x: x @ x) / 1e12  # type: ignore[misc]
    block = torch.empty(BYTES, dtype=torch.uint8, device=setup.device)
    found["copy_tb_s"] = 2 * BYTES / _each(setup, block.clone) / 1e12
    for name, host in (("pageable", torch.empty(BYTES // 8, dtype=torch.uint8)), ("pinned", None)):
        source = torch.empty(BYTES // 8, dtype=torch.uint8, pin_memory=True) if host is None else host
        upload = _each(setup, lambda source=source: source.to(setup.device, non_blocking=True))  # type: ignore[misc]
        found[f"upload_{name}_gb_s"] = source.numel() / upload / 1e9
    return found


def _prices(setup: Setup) -> dict[str, float]:
    """Microseconds that a small launch and a wait for its result take."""
    x = torch.zeros(8, device=setup.device)
    launch = _each(setup, lambda: repeated(lambda: x.add_(1))(1000)) / 1000
    wait = _each(setup, lambda: repeated(lambda: x[0].item())(200)) / 200
    return {"launch_us": launch * 1e6, "wait_us": wait * 1e6}


def _each(setup: Setup, work: Any) -> float:
    work()
    return seconds_of(setup, lambda: repeated(work)(REPEATS)) / REPEATS
