"""A classifier of MNIST's digits that takes no part in any training of ours: what digits are judged by.

A small convolutional network, trained from MNIST's files on one thread in a few minutes, with fixed seeds; its weights are
kept in the cache folder. It tells which digit it sees and how sure it is, and its last hidden layer is what sets of
digits are compared by. It must know at least 99 % of the test digits, or it refuses to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.gan.data import idx
from core.gan.metrics.kid_fid import kid
from core.gan.metrics.resampling import Estimate
from core.storage.cache_dir import cache_folder

EPOCHS, BATCH, RATE, SEED = 6, 128, 4e-3, 0
SHIFT = 2
"""Pixels by which a batch of training digits is moved at most."""
HIDDEN = 128
LEAST_RIGHT = 0.99
SURE = 0.9
"""Confidence above which a digit counts as recognised."""

VERSION = 1


def _network() -> nn.Sequential:
    """Digits (n, 1, 28, 28) in 0..1 -> logits (n, 10)."""
    convolutions = (_block(1, 16, 5), _block(16, 32, 3, 2), _block(32, 32, 3), _block(32, 64, 3, 2), _block(64, 64, 3))
    layers = [layer for block in convolutions for layer in block]
    dense = [nn.Flatten(), nn.Dropout(0.3), nn.Linear(64 * 7 * 7, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10)]
    return nn.Sequential(*layers, *dense)


def _block(above: int, below: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(above, below, kernel, stride, kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(below), nn.ReLU()]


@dataclass(frozen=True)
class Verdict:
    """What the judge says of a set of digits."""

    recognised: float
    """Share of pictures that it is more than 0.9 sure of."""
    shares: tuple[float, ...]
    """Share of each class, 0 to 9."""


class Judge:
    """The trained classifier."""

    def __init__(self, mnist: Path) -> None:
        """Load it, or train it first. Raises SystemExit if it does not know its digits."""
        torch.set_num_threads(1)
        file = cache_folder() / f"digits-judge-{VERSION}.safetensors"
        torch.manual_seed(SEED)
        self._network = _network()
        if file.exists():
            self._network.load_state_dict(load_file(file))
        else:
            _train(self._network, *digits(mnist, "train"))
            file.parent.mkdir(parents=True, exist_ok=True)
            save_file(self._network.state_dict(), file)
        self._network.eval()
        pictures, labels = digits(mnist, "t10k")
        self.real = self.features(pictures)
        """Features (10000, 128) of the test digits."""
        self.scale = float(np.sqrt(np.square(self.real).mean()))
        """Their root mean square: features over it are about 1, as KID's kernel wants them."""
        self.right = float((self._confidences(self.real).argmax(1) == torch.from_numpy(labels)).float().mean())
        """Share of test digits that it knows."""
        if self.right < LEAST_RIGHT:
            raise SystemExit(f"The judge knows {self.right:.2%} of the test digits only; it cannot judge.")

    @torch.inference_mode()
    def features(self, pictures: np.ndarray) -> np.ndarray:
        """Last hidden layer (n, 128) of digits (n, 28, 28), 8-bit."""
        parts = torch.from_numpy(pictures).unsqueeze(1).split(500)
        return torch.cat([self._network[:-1](part.float() / 255) for part in parts]).numpy()

    def distance(self, features: np.ndarray) -> Estimate:
        """KID of features (n, 128) against those of the test digits, both over `scale`."""
        return kid(self.real / self.scale, features / self.scale)

    def verdict(self, features: np.ndarray) -> Verdict:
        """Which digits they are, and how many it is sure of."""
        sure, found = self._confidences(features).max(1)
        shares = torch.bincount(found, minlength=10) / len(found)
        return Verdict(float((sure > SURE).float().mean()), tuple(shares.tolist()))

    @torch.inference_mode()
    def _confidences(self, features: np.ndarray) -> Tensor:
        return F.softmax(self._network[-1](torch.from_numpy(features)), dim=1)


def digits(mnist: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (n, 28, 28) and labels (n,) of the `train` or `t10k` part."""
    files = idx.find(mnist, part)
    if files is None:
        raise SystemExit(f"{mnist} holds no MNIST files of the part {part}.")
    return idx.read_idx(files[0]).copy(), idx.read_idx(files[1]).astype(np.int64)


def _train(network: nn.Module, pictures: np.ndarray, labels: np.ndarray) -> None:
    """Adam with one cycle of the rate; each batch is moved by some pixels."""
    torch.manual_seed(SEED)
    pixels, wanted = torch.from_numpy(pictures).unsqueeze(1), torch.from_numpy(labels)
    steps = EPOCHS * len(pixels) // BATCH
    optimiser = torch.optim.Adam(network.parameters(), RATE, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    order = torch.cat([torch.randperm(len(pixels)) for _ in range(EPOCHS)])
    for step in range(steps):
        chosen = order[step * BATCH : (step + 1) * BATCH]
        by = torch.randint(-SHIFT, SHIFT + 1, (2,)).tolist()
        shown = torch.roll(pixels[chosen].float() / 255, by, (2, 3))
        F.cross_entropy(network(shown), wanted[chosen]).backward()
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
