"""Errors of a GPU after which a process can no longer use it, told from those of one job."""

from __future__ import annotations

from core.networks.memory import is_out_of_memory

_WORDS = ("CUDA error", "CUDA driver error", "_STATUS_EXECUTION_FAILED", "_STATUS_INTERNAL_ERROR", "device-side assert")


def is_device_fault(error: BaseException) -> bool:
    """Whether an error is of the device itself: an illegal access, a failed launch, memory that lost a bit, a lost GPU.

    CUDA then fails every further call of the process (CUDA programming guide, sticky errors), so that it has to end.
    Memory that ran out is not such an error.
    """
    if is_out_of_memory(error) or not isinstance(error, RuntimeError):
        return False
    named = any(
        kind.__name__ == "AcceleratorError" for kind in type(error).mro()
    )  # torch's, which is not imported for this
    return named or any(words in str(error) for words in _WORDS)
