"""Uploads to a device that do not stop the host: by pinned memory, from which a GPU copies when it gets there."""

from __future__ import annotations

import torch
from torch import Tensor


def uploaded(values: Tensor, device: torch.device, layout: torch.memory_format = torch.preserve_format) -> Tensor:
    """Values of the CPU on a device, in a memory layout. Of pageable memory, each copy would have the host wait until the
    device has done what is queued before it.
    """
    if device.type != "cuda":
        return values.to(device, memory_format=layout)
    return values.contiguous(memory_format=layout).pin_memory().to(device, non_blocking=True)
