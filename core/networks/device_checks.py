"""Checks of a GPU before work: this torch was built for it, it can be used now, and so much of its memory is free.

What CUDA says of a GPU that it cannot use becomes one sentence with a remedy.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import torch

from core.errors import NocturneError
from core.networks.memory import is_out_of_memory

LONGEST_FAULT = 200
"""Characters of what a driver says that are shown."""

MOST_TAKEN = 0.5
"""Share of a GPU's memory that is asked to be free at most."""

SHOW = "`nvidia-smi` shows which"
_REMEDIES = {
    "busy or unavailable": f"end the program that holds it for itself ({SHOW}), or choose another device.",
    "no kernel image": "install a torch that was built for it (pytorch.org says which), or choose another device.",
}
"""What to do, by words of CUDA."""
_RESTART = "see whether `nvidia-smi` shows it, restart the machine if it does not, or choose another device."


@dataclass(frozen=True)
class DeviceMemory:
    """Bytes of a GPU's memory: `free` can be taken by this process, what it holds in reserve among it; `total` is all."""

    free: int
    total: int

    def __str__(self) -> str:
        return f"{self.free / 1e9:.1f} of {self.total / 1e9:.1f} GB free"


def unusable(device: torch.device, error: Exception) -> NocturneError:
    """A device that CUDA cannot use, as one sentence."""
    if is_out_of_memory(error):
        return NocturneError(
            f"The device '{device}' has no memory left to begin with, as other programs hold it",
            f"end them ({SHOW}), or choose another device.",
        )
    words = in_one_line(error)
    remedy = next((remedy for word, remedy in _REMEDIES.items() if word in words), _RESTART)
    return NocturneError(f"The device '{device}' cannot be used: {words}", remedy)


def in_one_line(error: Exception) -> str:
    """What CUDA says, without its advice on debugging."""
    first = str(error).partition("\nCUDA kernel errors might")[0].partition("\nSearch for")[0]
    return " ".join(first.split())[:LONGEST_FAULT].rstrip(". ")


def begin_using(device: torch.device) -> None:
    """Compute something on a GPU for the first time in this process. Raises NocturneError if that fails: another program
    holds it for itself, its memory is taken, it is lost, or this torch has no kernels for it.
    """
    if device.type != "cuda":
        return
    try:
        (torch.zeros(1, device=device) + 1).item()
    except Exception as error:  # drivers raise anything
        raise unusable(device, error) from error


def check_memory(device: torch.device, needed: float, what: str) -> None:
    """Raises NocturneError if other programs leave fewer bytes of a GPU free than `what` needs, `a picture of 512 px`.

    A GPU that is too small with all its memory is let pass: what is needed is a guess, and assets may be small.
    """
    memory = device_memory(device)
    if memory is not None and memory.free < min(needed, MOST_TAKEN * memory.total):
        raise NocturneError(
            f"The device '{device}' has {memory}, as other programs hold the rest, and {what} needs about "
            f"{needed / 1e9:.1f} GB",
            f"end them ({SHOW}), choose another device, or lower `size`.",
        )


def device_memory(device: torch.device) -> DeviceMemory | None:
    """The memory of a GPU; None for other devices, and where it is not known."""
    if device.type != "cuda":
        return None
    try:
        free, total = torch.cuda.mem_get_info(device)
        own = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    except Exception:  # drivers raise anything
        return None
    return DeviceMemory(free + own, total)


def architecture_fault(index: int) -> str:
    """Why this torch has no kernels for a GPU; empty if it has, or if that is not known."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of the same
            built = torch.cuda.get_arch_list() if torch.version.cuda else []
            capability = torch.cuda.get_device_capability(index) if built else (0, 0)
            if not built or any(_runs_on(each, capability) for each in built):
                return ""
            name = torch.cuda.get_device_name(index)
    except Exception:  # drivers raise anything
        return ""
    major, minor = capability
    return f"{name} is of architecture sm_{major}{minor}, and this torch was built for {', '.join(built)}"


def _runs_on(architecture: str, capability: tuple[int, int]) -> bool:
    """Whether code for an architecture (`sm_90`, `sm_90a`, `compute_120`) runs on a GPU: that for a GPU on later ones of its
    major version, that with a letter on the very same alone, and `compute` is compiled for any later one.
    """
    match = re.fullmatch(r"(sm|compute)_(\d+)(\d)([a-z]?)", architecture)
    if match is None:
        return True
    major, minor = int(match[2]), int(match[3])
    if match[4] == "a":
        return (major, minor) == capability
    return (major, minor) <= capability and (match[1] == "compute" or major == capability[0])
