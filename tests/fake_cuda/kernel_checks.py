"""Calls operations' CUDA kernels with tensors that have no memory, to hear whether their first checks refuse them.

`python -m tests.fake_cuda.kernel_checks` reads calls as `kernel_calls` prints them, and prints as JSON how many kernels were
called, and what was said by those that refuse their tensors. No GPU is needed, and none may be visible: a kernel that
has no objection goes on until it asks for the device of its tensors, or for a driver, and that is what it is heard to say.
What is checked later, on the device, is not seen; nor are operations without a kernel of their own, made of others.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import torch

CUDA = torch._C.DispatchKeySet(torch._C.DispatchKey.CUDA)
NO_OBJECTION = (
    "CUDAGuardImpl initialized with non-CUDA DeviceType",
    "DispatchStub: unsupported device type",
    "device_index >= 0",
    "its data is not allocated yet",
    "only, got: meta",
    "convolution_backward_overrideable",
    "CUDA error: ",
    "NVIDIA driver",
    "No CUDA GPUs are available",
)
"""What is said by kernels that get as far as the device, which is none."""


def checked(calls: Iterable[tuple[str, str, list[Any], dict[str, Any]]]) -> tuple[list[str], dict[str, str]]:
    """The operations whose kernels were called, and what was said by those that refuse."""
    seen: dict[str, None] = {}
    refused: dict[str, str] = {}
    for name, overload, arguments, named in calls:
        operation = getattr(getattr(torch.ops.aten, name), overload)
        if not torch._C._dispatch_has_kernel_for_dispatch_key(operation.name(), "CUDA"):
            continue
        seen[name] = None
        given = _as_tensors(operation, [_value(each) for each in arguments])
        try:
            operation.redispatch(CUDA, *given, **{key: _value(each) for key, each in named.items()})
        except Exception as error:
            if not any(words in str(error) for words in NO_OBJECTION):
                refused[name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return list(seen), refused


def _as_tensors(operation: Any, arguments: list[Any]) -> list[Any]:
    """Arguments whose numbers are tensors where the schema says so, as Python has them made."""
    wants = [argument.type.kind() == "TensorType" for argument in operation._schema.arguments]
    return [
        torch.tensor(each) if tensor and isinstance(each, bool | int | float) else each
        for each, tensor in zip(arguments, wants, strict=False)
    ]


def _value(plain: Any) -> Any:
    """An argument of a call; tensors on CUDA have no memory."""
    if isinstance(plain, list):
        return [_value(each) for each in plain]
    if not isinstance(plain, Mapping):
        return plain
    if "tensor" in plain:
        shape, strides, kind, device = plain["tensor"]
        place = "meta" if device == "cuda" else device
        return torch.empty_strided(shape, strides, dtype=getattr(torch, kind), device=place)
    return torch.device(plain["device"]) if "device" in plain else getattr(torch, plain["torch"])


if __name__ == "__main__":
    torch.set_deterministic_debug_mode("error")
    kernels, objections = checked(json.load(sys.stdin))
    print(json.dumps({"kernels": kernels, "refused": objections}))
