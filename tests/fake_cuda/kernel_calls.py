"""Prints, as JSON, every different call of an operation on CUDA tensors that code makes: `MODULE ARGUMENTS ...`.

MODULE is one that counts (`tests.fake_cuda.count_optimise`), run as it is. A call is its operation, its overload, its
arguments and its named arguments; a tensor is its shape, strides, type and kind of device.
"""

from __future__ import annotations

import json
import runpy
import sys
from typing import Any
from unittest import mock

import torch
import torch.utils._pytree as pytree
from torch import Tensor

from tests.fake_cuda import trace

_NAMED = (torch.dtype, torch.memory_format, torch.layout)
"""Types of torch whose values are attributes of it: `torch.float32`."""
_calls: dict[str, None] = {}


class RecordingTrace(trace.Trace):
    """Also records the calls that it sees."""

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        tensors = (leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, Tensor))
        if func.namespace == "aten" and any(each.device.type == trace.CUDA for each in tensors):
            call = [func._opname, func._overloadname, _plain(list(args)), _plain(kwargs or {})]
            _calls[json.dumps(call)] = None
        return super().__torch_dispatch__(func, types, args, kwargs)


def _plain(value: Any) -> Any:
    """An argument as JSON."""
    if isinstance(value, Tensor):
        shape, strides = list(value.shape), list(value.stride())
        return {"tensor": [shape, strides, str(value.dtype).partition(".")[2], value.device.type]}
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, _NAMED):
        return {"torch": str(value).partition(".")[2]}
    if isinstance(value, torch.device):
        return {"device": value.type}
    return value


def main(module: str, *arguments: str) -> None:
    """Run the module, then print what was recorded."""
    with mock.patch.object(trace, "Trace", RecordingTrace), mock.patch.object(sys, "argv", [module, *arguments]):
        runpy.run_module(module, run_name="__main__")
    print(f"[{', '.join(_calls)}]")


if __name__ == "__main__":
    main(*sys.argv[1:])
