"""The peer of one style a network: the architecture of pytorch/examples' `fast_neural_style`, in our own words.

    python benchmarks/fast_johnson.py (float32|bfloat16) THREADS

Johnson et al. 2016 (arXiv 1603.08155): c9s1-32, d64, d128, five residual blocks of 128, u64, u32, c9s1-3, with instance
normalisation, mirrored borders, and values repeated before a convolution where the picture grows. Its weights are random:
time is all that is asked of it. `float32` runs as the example does; `bfloat16` in the type and layout of ours, to tell what
the architecture costs from what the engine does. Pictures go through Pillow, PNG level 6.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from core.networks import device as devices
from fast_serve import serve, timed

BLOCKS = 5


class Layer(nn.Module):
    """A convolution with mirrored borders, its normalisation, and a ReLU if wanted."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, grow: int = 1, relu: bool = True
    ) -> None:
        super().__init__()
        growing: list[nn.Module] = [nn.Upsample(scale_factor=grow, mode="nearest")] if grow > 1 else []
        mirrored = [nn.ReflectionPad2d(kernel // 2), nn.Conv2d(inputs, outputs, kernel, stride)]
        self.layers = nn.Sequential(*growing, *mirrored, nn.InstanceNorm2d(outputs, affine=True), *[nn.ReLU()] * relu)

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, outputs, h grow / stride, w grow / stride)."""
        found: Tensor = self.layers(x)
        return found


class Residual(nn.Module):
    """x + two layers of 128."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Layer(128, 128, 3), Layer(128, 128, 3, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 128, h, w) -> the same shape."""
        found: Tensor = x + self.second(self.first(x))
        return found


def network() -> nn.Sequential:
    """Pixels (n, 3, h, w) in 0..255 -> painted pixels, sides a multiple of 4."""
    shrinking = [Layer(3, 32, 9), Layer(32, 64, 3, 2), Layer(64, 128, 3, 2)]
    growing = [Layer(128, 64, 3, grow=2), Layer(64, 32, 3, grow=2)]
    return nn.Sequential(
        *shrinking, *[Residual() for _ in range(BLOCKS)], *growing, nn.ReflectionPad2d(4), nn.Conv2d(32, 3, 9)
    )


def main() -> None:
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[sys.argv[1]]
    devices.make_deterministic(int(sys.argv[2]))
    torch.manual_seed(0)
    layout = torch.channels_last if dtype == torch.bfloat16 else torch.contiguous_format
    model = network().eval().to(dtype, memory_format=layout)

    @torch.no_grad()
    def paint(source: str, to: str) -> None:
        pixels = torch.from_numpy(np.array(Image.open(source).convert("RGB"))).permute(2, 0, 1).to(dtype).unsqueeze(0)
        made = model(pixels.contiguous(memory_format=layout))[0, :, : pixels.shape[2], : pixels.shape[3]]
        Image.fromarray(made.float().clamp(0, 255).permute(1, 2, 0).numpy().astype("uint8")).save(to)

    serve(timed(paint))


if __name__ == "__main__":
    main()
