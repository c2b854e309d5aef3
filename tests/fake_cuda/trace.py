"""Counts of what code would do on a GPU, while it runs on fake CUDA tensors: launches, waits, uploads, layouts, operations.

Fake tensors have shapes, types, strides and a device, and no values. A value that code asks for (`.item()`, `if tensor`)
is answered with what `answers` says, so that whole optimisations run; each such question would make the host wait for the
device, and is counted. A launch is an operation that is no view; what torch starts several kernels for counts as KERNELS
says, a bias and a weight of another layout than its picture's as one more each.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest import mock

import torch
import torch.utils._pytree as pytree
from torch import Tensor, nn
from torch._subclasses import fake_tensor
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

CUDA = "cuda"
KERNELS = {
    "_fft_r2c": 2,
    "_fft_c2r": 3,
    "_linalg_eigh": 40,
    "native_group_norm": 3,
    "max_pool2d_with_indices_backward": 2,
    "topk": 2,
    "_index_put_impl_": 6,
    "index_put": 6,
    "index_put_": 6,
    "index_copy_": 6,
    "linalg_solve_triangular": 4,
    "_fused_adam_": 3,
}
"""Kernels of operations that are not one, about, by torch's sources."""
QUESTIONS = frozenset({"_local_scalar_dense", "item", "is_nonzero"})
WAITING = frozenset({"nonzero", "masked_select", "_unique2", "unique_dim", "equal"})
"""Operations whose result's shape or value the host needs at once."""
COPIES = frozenset({"_to_copy", "copy_", "copy", "to"})
FREE = frozenset(
    """
    view _unsafe_view reshape transpose permute expand slice select unsqueeze squeeze t detach alias as_strided diagonal
    split split_with_sizes unbind chunk narrow unfold view_as_real view_as_complex _reshape_alias lift_fresh real imag
    flatten positive is_same_size empty empty_like new_empty empty_strided new_empty_strided set_ resize_ requires_grad_
    swapaxes movedim device sym_size sym_stride sym_numel is_contiguous stride size dim sym_storage_offset layout is_pinned
    record_stream _version is_floating_point is_complex
    """.split()  # noqa: SIM905
)
"""Operations that start no kernel."""


class Trace(TorchDispatchMode):
    """Counts while it is entered, within `fake_cuda`."""

    def __init__(self, answer: float = 1.0) -> None:
        super().__init__()
        self.answer = answer
        self.launches = self.waits = self.uploads = self.downloads = self.queued = 0
        self.operations: Counter[str] = Counter()
        """Launched operations by name."""
        self.layouts: Counter[str] = Counter()
        """Of four-dimensional results: `NHWC`, `NCHW` or `other`."""
        self.seen: set[str] = set()
        """Every operation on CUDA tensors, views too."""

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        name = func._schema.name.partition("::")[2]
        inputs = _tensors((args, kwargs))
        on_device = any(each.device.type == CUDA for each in inputs)
        if name in QUESTIONS and inputs and isinstance(inputs[0], FakeTensor):
            self.waits += on_device
            return self._answer(inputs[0])
        outputs = func(*args, **(kwargs or {}))
        results = _tensors(outputs)
        if not (on_device or any(each.device.type == CUDA for each in results)):
            return outputs
        self.seen.add(name)
        self.waits += name in WAITING
        if name in COPIES and self._is_transfer(name, inputs, results, _is_queued(name, args, kwargs)):
            return outputs
        if name not in FREE:
            self._launch(name, args, results)
        return outputs

    @property
    def transfers(self) -> int:
        """Copies between host and device; of pageable memory, each makes the host wait."""
        return self.uploads + self.downloads

    def _answer(self, tensor: Tensor) -> bool | int | float:
        if tensor.dtype == torch.bool:
            return True
        return self.answer if tensor.dtype.is_floating_point else 1

    def _is_transfer(self, name: str, inputs: list[Tensor], results: list[Tensor], queued: bool) -> bool:
        source = inputs[-1] if name.startswith("copy") and len(inputs) > 1 else inputs[0]
        target = inputs[0] if name.startswith("copy") and len(inputs) > 1 else results[0]
        if source.device.type == target.device.type:
            return False
        if queued:  # of pinned memory, as all such copies are: the host goes on
            self.queued += 1
            return True
        self.uploads += target.device.type == CUDA
        self.downloads += source.device.type == CUDA
        return True

    def _launch(self, name: str, args: tuple[Any, ...], results: list[Tensor]) -> None:
        self.operations[name] += 1
        self.launches += KERNELS.get(name, 1) if not name.startswith("_foreach_") else _of_foreach(args)
        if name == "convolution":
            self.launches += args[2] is not None
        if name in ("convolution", "convolution_backward"):
            weight = args[1] if name == "convolution" else args[2]
            self.launches += not weight.is_contiguous(memory_format=torch.channels_last)
        for each in results:
            if each.dim() == 4 and min(each.shape[1], each.shape[2] * each.shape[3]) > 1:
                self.layouts[layout_of(each)] += 1


def _is_queued(name: str, args: tuple[Any, ...], kwargs: Any) -> bool:
    """Whether a copy asks the host not to wait for it."""
    positional = name == "copy_" and len(args) > 2 and args[2]
    return bool(positional or (kwargs or {}).get("non_blocking"))


def _of_foreach(args: tuple[Any, ...]) -> int:
    """Kernels of an operation on lists: one, or one for each where partners have other shapes."""
    lists = [each for each in args if isinstance(each, list | tuple) and each and isinstance(each[0], Tensor)]
    alike = all(a.shape == b.shape for other in lists[1:] for a, b in zip(lists[0], other, strict=True))
    return 1 if alike else len(lists[0])


def layout_of(tensor: Tensor) -> str:
    """`NHWC` or `NCHW`, as it lies in memory; `other` for neither."""
    if tensor.is_contiguous(memory_format=torch.channels_last):
        return "NHWC"
    return "NCHW" if tensor.is_contiguous() else "other"


class PretendedEvent:
    """An event of a GPU that has always come."""

    def record(self, _: Any) -> None:
        """Be recorded."""

    def query(self) -> bool:
        """Have come."""
        return True

    def synchronize(self) -> None:
        """Be waited for."""


@contextlib.contextmanager
def fake_cuda() -> Iterator[None]:
    """Within it, tensors on `cuda` are fake, and torch believes in a GPU that multiplies bfloat16.

    A backward pass needs the process to have been started with the pretended runtime (see tests.fake_cuda.process).
    """
    new_tensor, tensor, empty = Tensor.new_tensor, torch.tensor, torch.empty

    def filled(values: Any, dtype: torch.dtype | None, device: torch.device) -> Tensor:
        like = tensor(values, dtype=dtype)
        return torch.zeros(tuple(like.shape), dtype=like.dtype).to(device)

    def fake_tensor_of(data: Any, *, dtype: Any = None, device: Any = None, **kwargs: Any) -> Tensor:
        if device is not None and torch.device(device).type == CUDA:
            return filled(data, dtype, torch.device(device))
        return tensor(data, dtype=dtype, device=device, **kwargs)

    def fake_empty(*size: Any, pin_memory: bool = False, **kwargs: Any) -> Tensor:
        return empty(*size, **kwargs)

    def fake_new_tensor(self: Tensor, data: Any, **kwargs: Any) -> Tensor:
        if self.device.type == CUDA:
            return filled(data, kwargs.get("dtype", self.dtype), self.device)
        return new_tensor(self, data, **kwargs)

    with contextlib.ExitStack() as patches:
        for owner, name, value in (
            (fake_tensor, "init_gpu_context", lambda *_, **__: None),
            (torch.cuda.amp.common, "amp_definitely_not_available", lambda: False),
            (torch.cuda, "is_bf16_supported", lambda *_, **__: True),
            (torch.cuda, "get_device_name", lambda *_, **__: "Pretended GPU"),
            (torch, "tensor", fake_tensor_of),
            (torch, "empty", fake_empty),
            (Tensor, "pin_memory", lambda self: self),
            (torch.cuda, "Event", PretendedEvent),
            (torch.cuda, "current_stream", lambda *_: None),
            (Tensor, "new_tensor", fake_new_tensor),
        ):
            patches.enter_context(mock.patch.object(owner, name, value))
        patches.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        patches.enter_context(torch.autograd.set_multithreading_enabled(False))
        yield


def faked(module: nn.Module, device: str = CUDA) -> nn.Module:
    """The module, laid out as for a device, with fake parameters and buffers there. Call within fake_cuda."""
    if device == CUDA:
        module.to(memory_format=torch.channels_last)
    for part in module.modules():
        for name, value in list(part._parameters.items()):
            if value is not None:
                part._parameters[name] = nn.Parameter(_alike(value, device), requires_grad=value.requires_grad)
        for name, buffer in list(part._buffers.items()):
            if buffer is not None:
                part._buffers[name] = _alike(buffer, device)
    return module


def _alike(tensor: Tensor, device: str) -> Tensor:
    return torch.empty_strided(tuple(tensor.shape), tensor.stride(), dtype=tensor.dtype, device=device)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, Tensor)]
