"""Errors of a GPU told apart: no memory, a device that is lost to the process, and all others."""

from __future__ import annotations

import pytest
import torch

from core.networks.device_faults import is_device_fault
from core.networks.memory import is_out_of_memory

NO_MEMORY = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    torch.AcceleratorError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried"),
]
LOST = [
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered"),
    torch.AcceleratorError("CUDA error: unspecified launch failure"),
    RuntimeError("CUDA error: uncorrectable ECC error encountered"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm(...)`"),
    RuntimeError("CUDA driver error: device not ready"),
]
OTHERS = [
    RuntimeError("Expected all tensors to be on the same device"),
    ValueError("CUDA error: said by no runtime"),
    ZeroDivisionError(),
]


@pytest.mark.parametrize("error", NO_MEMORY, ids=str)
def test_memory_that_ran_out_is_known_in_every_wording(error: Exception) -> None:
    assert is_out_of_memory(error)
    assert not is_device_fault(error)


@pytest.mark.parametrize("error", LOST, ids=str)
def test_a_lost_device_is_known(error: Exception) -> None:
    assert is_device_fault(error)
    assert not is_out_of_memory(error)


@pytest.mark.parametrize("error", OTHERS, ids=str)
def test_other_errors_are_neither(error: Exception) -> None:
    assert not is_device_fault(error)
    assert not is_out_of_memory(error)
