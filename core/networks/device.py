"""Choices that depend on the machine: device, precision, memory layout, threads, generators, determinism.

"Same bytes" holds within one engine (`engine_name`): device, torch version, CPU capability and threads.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from typing import TypeVar

import torch
import torch.utils.deterministic
from torch import nn

from core.errors import SpecError
from core.networks.architecture import Precision
from core.networks.device_checks import architecture_fault, in_one_line, unusable

# cuBLAS repeats itself with such a workspace alone, and torch looks for it once: at the first product of a process.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

Module = TypeVar("Module", bound=nn.Module)

DEVICES = ("cuda", "mps", "cpu")
"""Kinds of device, best first."""

_NO_GPU = ("no NVIDIA driver", "No CUDA GPUs", "no CUDA-capable device")
"""Words of CUDA on machines that have no GPU."""

CHANNELS_LAST_FROM = 448 * 448
"""Pixels from which channels_last is faster for float32 on a CPU: 1.3 times at 512 px, nothing at 256."""


def choose(device: str = "auto") -> torch.device:
    """The device called `device`: `auto`, `cuda`, `cuda:1`, `mps` or `cpu`; looked for now, not at import.

    A GPU always has its number, `cuda` being the first one; `auto` is the first that this torch was built for, if any. What
    is computed on CUDA from now on repeats itself, and is in full float32. Raises SpecError if the device is not on this
    machine, or this torch was not built for it.
    """
    kind, _, index = (_best() if device == "auto" else device).partition(":")
    if kind not in DEVICES or (index and not index.isdecimal()):
        raise SpecError(f"There is no kind of device {device!r}", f"use auto, {', '.join(DEVICES)} or cuda:<number>.")
    if int(index or 0) >= _count(kind):
        raise SpecError(f"The device {device!r} is not on this machine, which has {_there()}", _remedy(kind))
    if kind != "cuda":
        return torch.device(device if index else kind)
    if fault := architecture_fault(int(index or 0)):
        remedy = "install a torch that was built for it (pytorch.org says which), or use another device, such as 'cpu'."
        raise SpecError(f"The device {device!r} cannot compute: {fault}", remedy)
    _choose_deterministic_algorithms()
    return torch.device("cuda", int(index or 0))


def choose_all(device: str) -> list[torch.device]:
    """The device called `device`; of `auto` all GPUs that this torch was built for, if any, the first one first.
    Raises as `choose` does.
    """
    first = choose(device)
    if device != "auto" or first.type != "cuda":
        return [first]
    return [torch.device("cuda", index) for index in range(_count("cuda")) if not architecture_fault(index)]


def identity(device: torch.device) -> str:
    """A name of the physical device for locks: the UUID of a GPU, which it has under any number that programs give it.

    Raises NocturneError for a GPU that does not answer.
    """
    if device.type != "cuda":
        return device.type
    try:
        return f"cuda-{torch.cuda.get_device_properties(device).uuid}"
    except Exception as error:  # drivers raise anything
        raise unusable(device, error) from error


def engine_name(device: torch.device) -> str:
    """What bits depend on beside the job, in one line: `cpu torch-2.9.0 AVX512 bf16 threads-2`."""
    parts = [device.type, f"torch-{torch.__version__}", torch.backends.cpu.get_cpu_capability()]
    if device.type == "cuda":
        parts.insert(1, torch.cuda.get_device_name(device).replace(" ", "-"))
    if computes_bfloat16(device):
        parts.append("bf16")
    return " ".join([*parts, f"threads-{torch.get_num_threads()}"])


def make_deterministic(threads: int | None = None) -> None:
    """Make torch repeat itself bit for bit from now on; a worker calls it once, before any network runs.

    threads: how many the CPU uses; without it, as many as torch would. The number is fixed either way: left
    to itself, MKL may use fewer when the machine is busy, and sums then round otherwise. CUDA computes full
    float32, not TF32.
    """
    torch.set_num_threads(threads or torch.get_num_threads())
    _choose_deterministic_algorithms()


def _choose_deterministic_algorithms() -> None:
    """Refuse algorithms that do not repeat themselves; on CUDA, multiply in float32, not TF32."""
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms also imports inductor: seconds
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Within it, torch computes on the CPU in the calling thread alone.

    Small pictures go through stages in threads of their own (core.engine.staged_executor): a stage that spreads over all
    cores waits for the others' at every layer. Every stage but optimisation says so, as a thread that torch has not seen yet
    takes over whatever number was set last, by whichever thread.
    """
    with threads(1):
        yield


@contextlib.contextmanager
def threads(number: int) -> Iterator[None]:
    """Within it, torch computes on the CPU in so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def generator(seed: int) -> torch.Generator:
    """A generator on the CPU, whatever the device, so that one seed is the same noise everywhere."""
    return torch.Generator("cpu").manual_seed(seed)


def dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """The type that a backbone computes in. `auto` is bfloat16 where the device has instructions for it."""
    if precision == "auto":
        precision = "bfloat16" if computes_bfloat16(device) else "float32"
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def computes_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 natively; emulated, it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def memory_format(device: torch.device, dtype: torch.dtype, height: int, width: int) -> torch.memory_format:
    """The faster memory layout for pictures of this size: a function of device, type and size alone."""
    fast = device.type == "cuda" or (device.type == "cpu" and dtype == torch.bfloat16)
    if fast or (device.type == "cpu" and height * width >= CHANNELS_LAST_FROM):
        return torch.channels_last
    return torch.contiguous_format


def laid_out(module: Module, device: torch.device) -> Module:
    """The module on a device, its weights in the memory layout of pictures there: on CUDA each convolution would copy them
    to it else.
    """
    if device.type == "cuda":
        module.to(memory_format=torch.channels_last)
    return module.to(device)


def gpu_faults() -> list[str]:
    """Why GPUs of this machine cannot be used by this torch: their driver, or their architectures. Nothing is said where
    there is no GPU, no driver, or no torch for one.
    """
    gpus = _count("cuda")
    if gpus:
        return [fault for fault in map(architecture_fault, range(gpus)) if fault]
    fault = _cuda_fault() if torch.version.cuda else ""
    return [fault] if fault and not any(words in fault for words in _NO_GPU) else []


def _best() -> str:
    """The name of the best device that can compute."""
    for kind in DEVICES:
        for index in range(_count(kind)):
            if kind != "cuda":
                return kind
            if not architecture_fault(index):
                return f"cuda:{index}"
    return "cpu"


def _there() -> str:
    """The devices of this machine, as a sentence has them: `2 cuda (0 and 1), cpu`."""
    gpus = _count("cuda")
    named = {"cuda": f"{gpus} cuda (numbers 0 to {gpus - 1})"} if gpus > 1 else {}
    return ", ".join(named.get(kind, kind) for kind in DEVICES if _count(kind))


def _remedy(kind: str) -> str:
    """What to do about a device that is not there: what the driver says of a GPU, or another device."""
    fault = _cuda_fault() if kind == "cuda" and not _count("cuda") else ""
    return f"use device = 'auto'{f'; CUDA says: {fault}' if fault else ''}."


def _cuda_fault() -> str:
    """Why there is no GPU to compute on: a torch without CUDA, no driver, one that is too old; in one line."""
    if torch.version.cuda is None:
        return "this torch was built without it"
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
    except Exception as error:  # drivers raise anything
        return in_one_line(error)
    return ""


def _count(kind: str) -> int:
    """How many devices of a kind there are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an old or absent driver is an answer, not a warning
        if kind == "cuda":
            return torch.cuda.device_count() if torch.cuda.is_available() else 0
        return int(kind == "cpu" or torch.backends.mps.is_available())
