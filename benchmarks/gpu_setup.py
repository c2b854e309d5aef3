"""What every section of the benchmark of a GPU has: the device, how large its work is to be, and pictures to work on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from core.networks import device as devices
from gpu_packages import ROOT

ASSETS, STYLES = ROOT / "data" / "assets", ROOT / "data" / "styles"
PHOTOGRAPHS = ("cat.jpg", "coffee.jpg", "rocket.jpg")


@dataclass(frozen=True)
class Setup:
    """`quick`: work so small that it tests the benchmark alone. `scratch` is a folder for files that are thrown away."""

    device: torch.device
    quick: bool
    scratch: Path

    @property
    def on_gpu(self) -> bool:
        """Whether there is something to profile."""
        return self.device.type == "cuda"

    def synchronise(self) -> None:
        """Wait until the device has done what was queued."""
        if self.on_gpu:
            torch.cuda.synchronize(self.device)

    def noise(self, *shape: int, seed: int = 0) -> Tensor:
        """Values in [0, 1] that are the same on every device."""
        return torch.rand(*shape, generator=devices.generator(seed)).to(self.device)


def photographs(folder: Path, count: int, width: int, height: int) -> Path:
    """A folder of different crops of packaged photographs, enlarged to this size, as JPEG; made once."""
    if folder.is_dir():
        return folder
    folder.mkdir(parents=True)
    for number in range(count):
        with Image.open(ASSETS / PHOTOGRAPHS[number % len(PHOTOGRAPHS)]) as file:
            photograph = file.convert("RGB")
        shift = number // len(PHOTOGRAPHS)
        wide, tall = photograph.width - 64, photograph.height - 64
        left, top = shift % 64, shift * 7 % 64
        box = (left, top, left + wide, top + min(tall, wide * height // width))
        photograph.resize((width, height), Image.Resampling.BICUBIC, box).save(folder / f"p{number:04}.jpg", quality=92)
    return folder
