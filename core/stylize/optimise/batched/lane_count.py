"""Number of lanes: how many pictures of a size go through a network together on a device."""

from __future__ import annotations

import torch

MOST_LANES = 16
LANE_PIXELS = 512 * 512
"""Pixels of a picture up to which there are MOST_LANES; larger ones have proportionally fewer."""
LANE_BYTES = 0.65e9
"""Memory of a lane of LANE_PIXELS: 258 MB that autograd keeps, 189 MB of L-BFGS's history, and what convolutions need."""
MEMORY_SHARE = 0.6
"""Of a device's memory that lanes may take; the rest is networks', targets' and other batches'."""


class LaneCount:
    """A fixed function of the kind of device and a picture's size, so that two nights on one machine have the same pixels;
    but for a device that ran out of memory, on which it is half from then on.
    """

    def __init__(self, device: torch.device, memory: float | None = None) -> None:
        if memory is None:
            cuda = device.type == "cuda"
            memory = float(torch.cuda.get_device_properties(device).total_memory) if cuda else float("inf")
        self.device, self._memory = device, memory
        self._halvings = 0

    def of(self, height: int, width: int) -> int:
        """Lanes of pictures of this size: a power of two, at least one."""
        by_size = MOST_LANES * min(1.0, LANE_PIXELS / (height * width))
        by_memory = MEMORY_SHARE * self._memory / (LANE_BYTES * max(0.25, height * width / LANE_PIXELS))
        return max(1, _power_of_two(min(by_size, by_memory)) >> self._halvings)

    @property
    def most(self) -> int:
        """Lanes of the smallest pictures."""
        return self.of(1, 1)

    def halve(self) -> bool:
        """Have half as many from now on; False if every size has one alone already."""
        if self.most == 1:
            return False
        self._halvings += 1
        return True


def _power_of_two(most: float) -> int:
    """The largest one that is not over `most`, at least 1."""
    return 1 << max(0, int(most).bit_length() - 1)
