"""The shape of VGG-19's convolutions (Simonyan & Zisserman 2015): names, torchvision's indices, sizes.

Nothing here needs torch, so that a plan can name layers and weights without loading it.
"""

from __future__ import annotations

from dataclasses import dataclass

BLOCKS: tuple[tuple[int, int], ...] = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Output channels and number of 3x3 convolutions of each block; a 2x2 pooling follows every block."""


@dataclass(frozen=True)
class Conv:
    """One convolution, followed by a ReLU."""

    block: int
    number: int
    index: int
    inputs: int
    outputs: int

    @property
    def relu(self) -> str:
        """Name of its activation, as papers write it: `relu4_2`."""
        return f"relu{self.block}_{self.number}"

    @property
    def key(self) -> str:
        """Where torchvision's state dict keeps it: `features.<index>`."""
        return f"features.{self.index}"


def _convs() -> tuple[Conv, ...]:
    found: list[Conv] = []
    index, inputs = 0, 3
    for block, (outputs, count) in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            found.append(Conv(block, number, index, inputs, outputs))
            index, inputs = index + 2, outputs
        index += 1
    return tuple(found)


CONVS: tuple[Conv, ...] = _convs()
"""The sixteen convolutions in order."""

LAYERS: tuple[str, ...] = tuple(conv.relu for conv in CONVS)
"""Names of the activations, shallow to deep."""

SHAPES: dict[str, tuple[int, ...]] = {
    name: shape
    for conv in CONVS
    for name, shape in (
        (f"{conv.key}.weight", (conv.outputs, conv.inputs, 3, 3)),
        (f"{conv.key}.bias", (conv.outputs,)),
    )
}
"""Name and shape of every tensor that the backbone uses, in torchvision's layout."""
