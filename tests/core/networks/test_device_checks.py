"""A GPU that is held, full, lost, or that this torch was not built for, by a torch that only says so."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.errors import NocturneError
from core.networks import device_checks
from core.networks.device_checks import (
    DeviceMemory,
    architecture_fault,
    begin_using,
    check_memory,
    device_memory,
)

GPU, CPU = torch.device("cuda:0"), torch.device("cpu")
GIGABYTE = 10**9


def memory(
    monkeypatch: pytest.MonkeyPatch, free: float, total: float, reserved: float = 0, allocated: float = 0
) -> None:
    """A GPU of so many gigabytes."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (int(free * GIGABYTE), int(total * GIGABYTE)))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: int(reserved * GIGABYTE))
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: int(allocated * GIGABYTE))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "CUDA error: all CUDA-capable devices are busy or unavailable\nCUDA kernel errors might be reported later",
            "The device 'cuda:0' cannot be used: CUDA error: all CUDA-capable devices are busy or unavailable; end the "
            "program that holds it for itself (`nvidia-smi` shows which), or choose another device.",
        ),
        (
            "CUDA error: out of memory\nSearch for it",
            "The device 'cuda:0' has no memory left to begin with, as other programs hold it; end them (`nvidia-smi` shows "
            "which), or choose another device.",
        ),
        (
            "CUDA error: no kernel image is available for execution on the device",
            "The device 'cuda:0' cannot be used: CUDA error: no kernel image is available for execution on the device; "
            "install a torch that was built for it (pytorch.org says which), or choose another device.",
        ),
        (
            "CUDA error: unknown error",
            "The device 'cuda:0' cannot be used: CUDA error: unknown error; see whether `nvidia-smi` shows it, restart the "
            "machine if it does not, or choose another device.",
        ),
    ],
)
def test_a_gpu_that_cannot_be_begun_with_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, said: str, sentence: str
) -> None:
    def zeros(*_: Any, **__: Any) -> None:
        raise torch.AcceleratorError(said)

    monkeypatch.setattr(torch, "zeros", zeros)
    with pytest.raises(NocturneError) as caught:
        begin_using(GPU)
    assert str(caught.value) == sentence
    begin_using(CPU)


def test_a_gpu_that_others_hold_is_refused_with_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    memory(monkeypatch, 0.9, 24.0)
    with pytest.raises(NocturneError) as caught:
        check_memory(GPU, 1.4e9, "a picture of 512 px")
    assert str(caught.value) == (
        "The device 'cuda:0' has 0.9 of 24.0 GB free, as other programs hold the rest, and a picture of 512 px needs about "
        "1.4 GB; end them (`nvidia-smi` shows which), choose another device, or lower `size`."
    )


def test_what_this_process_holds_in_reserve_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    memory(monkeypatch, 0.9, 24.0, reserved=1.0, allocated=0.2)
    assert device_memory(GPU) == DeviceMemory(int(1.7 * GIGABYTE), 24 * GIGABYTE)
    check_memory(GPU, 1.4e9, "a picture")


def test_a_small_gpu_that_is_free_is_let_try(monkeypatch: pytest.MonkeyPatch) -> None:
    memory(monkeypatch, 3.6, 4.0)
    check_memory(GPU, 5e9, "a picture")
    memory(monkeypatch, 1.9, 4.0)
    with pytest.raises(NocturneError):
        check_memory(GPU, 5e9, "a picture")


def test_nothing_is_known_of_the_memory_of_other_devices_and_of_silent_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_: torch.device) -> None:
        raise RuntimeError("CUDA error: unknown error")

    monkeypatch.setattr(torch.cuda, "mem_get_info", silent)
    assert device_memory(CPU) is None
    assert device_memory(GPU) is None
    check_memory(GPU, 1e12, "a picture")


@pytest.mark.parametrize(
    ("built", "capability", "runs"),
    [
        (["sm_80"], (8, 0), True),
        (["sm_80"], (8, 9), True),
        (["sm_86"], (8, 0), False),
        (["sm_80"], (9, 0), False),
        (["sm_90a"], (9, 0), True),
        (["sm_100a"], (10, 3), False),
        (["sm_100f"], (10, 3), True),
        (["compute_80"], (12, 0), True),
        (["compute_90"], (7, 5), False),
        (["sm_120"], (12, 1), True),
        (["gfx90a"], (9, 0), True),
        ([], (1, 0), True),
    ],
)
def test_code_runs_on_the_architectures_that_cuda_says(
    monkeypatch: pytest.MonkeyPatch, built: list[str], capability: tuple[int, int], runs: bool
) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: built)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Some GPU")
    assert (architecture_fault(0) == "") == runs


def test_a_gpu_that_does_not_say_what_it_is_has_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_80"])
    assert device_checks.architecture_fault(99) == ""
