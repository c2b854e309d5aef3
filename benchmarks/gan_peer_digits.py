"""The peer of the DCGAN of digits: the example `dcgan` of pytorch/examples, in our own words, trained on MNIST.

    python benchmarks/gan_peer_digits.py train FOLDER --data MNIST [--seconds 1200]
    python benchmarks/gan_peer_digits.py sample FOLDER --count 10000

Its settings: batch 64, z 100, 64 channels, Adam 2e-4 with beta1 0.5, weights from N(0, 0.02), binary cross-entropy on a
sigmoid, one step of D on real and made pictures and then one of G, float32. Its networks are built for 64 px; at 32 px
each has one block fewer. Digits are padded to 32 px and samples cut back to 28. `sample` writes `samples.npz` with pictures
drawn as the example draws them, by batches whose own statistics normalise (`batches`), and by the running ones (`running`):
(count, 28, 28), 8-bit.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.gan.data import idx
from gan_stretches import State, Stretch

BATCH, LATENT, WIDTH, SIDE, MARGIN = 64, 100, 64, 32, 2
RATE, BETAS = 2e-4, (0.5, 0.999)


def generator() -> nn.Sequential:
    """z (n, 100, 1, 1) -> pictures (n, 1, 32, 32) in -1..1."""
    blocks: list[nn.Module] = []
    widths = (LATENT, 4 * WIDTH, 2 * WIDTH, WIDTH)
    for number, (above, below) in enumerate(itertools.pairwise(widths)):
        stride, padding = (1, 0) if number == 0 else (2, 1)
        up = nn.ConvTranspose2d(above, below, 4, stride, padding, bias=False)
        blocks += [up, nn.BatchNorm2d(below), nn.ReLU(inplace=True)]
    return nn.Sequential(*blocks, nn.ConvTranspose2d(WIDTH, 1, 4, 2, 1, bias=False), nn.Tanh())


def discriminator() -> nn.Sequential:
    """Pictures (n, 1, 32, 32) -> the probability that they are real (n, 1, 1, 1)."""
    blocks: list[nn.Module] = [nn.Conv2d(1, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for width in (WIDTH, 2 * WIDTH):
        down = nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False)
        blocks += [down, nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*blocks, nn.Conv2d(4 * WIDTH, 1, 4, bias=False), nn.Sigmoid())


def begin(module: nn.Module) -> None:
    """Set a layer's first weights."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class Example:
    """Both networks, and the step that trains them."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.g, self.d = generator().apply(begin), discriminator().apply(begin)
        self.optimisers = [torch.optim.Adam(net.parameters(), RATE, BETAS) for net in (self.g, self.d)]
        self.pictures = torch.zeros(0)
        self._batches: Iterator[Tensor] = iter(())

    def show(self, folder: Path) -> None:
        """Give it the folder with MNIST's files."""
        files = idx.find(folder, "train")
        if files is None:
            raise SystemExit(f"{folder} holds no MNIST training files.")
        pixels = torch.from_numpy(idx.read_idx(files[0]).copy()).unsqueeze(1)
        self.pictures = nn.functional.pad(pixels, [MARGIN] * 4)
        self._batches = self._dealt()

    def _dealt(self) -> Iterator[Tensor]:
        """Batches in -1..1, epoch after epoch, each shuffled anew; the last of an epoch is short."""
        while True:
            for chosen in torch.randperm(len(self.pictures)).split(BATCH):
                yield self.pictures[chosen].float().div_(127.5).sub_(1)

    def step(self) -> None:
        """One step of both networks."""
        real = next(self._batches)
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        judged = nn.functional.binary_cross_entropy
        self.d.zero_grad()
        judged(self.d(real).flatten(), ones).backward()
        made = self.g(torch.randn(len(real), LATENT, 1, 1))
        judged(self.d(made.detach()).flatten(), zeros).backward()
        self.optimisers[1].step()
        self.g.zero_grad()
        judged(self.d(made).flatten(), ones).backward()
        self.optimisers[0].step()

    def state(self) -> State:
        """See Peer."""
        networks = [self.g.state_dict(), self.d.state_dict()]
        return {"networks": networks, "optimisers": [o.state_dict() for o in self.optimisers]}

    def restore(self, state: State) -> None:
        """See Peer."""
        for network, saved in zip((self.g, self.d), state["networks"], strict=True):
            network.load_state_dict(saved)
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)

    def generators(self) -> State:
        """See Peer."""
        return {"generator": self.g.state_dict()}

    @torch.no_grad()
    def sample(self, count: int) -> dict[str, np.ndarray]:
        """Pictures (count, 28, 28) of the same noise, normalised in both ways. Changes the running statistics."""
        noise = torch.randn(count, LATENT, 1, 1, generator=torch.Generator().manual_seed(0))
        running = self._drawn(self.g.eval(), noise)
        return {"running": running, "batches": self._drawn(self.g.train(), noise)}

    def _drawn(self, network: nn.Module, noise: Tensor) -> np.ndarray:
        made = torch.cat([network(part) for part in noise.split(BATCH)])
        levels = ((made + 1) * 127.5).round().byte()
        return levels[:, 0, MARGIN:-MARGIN, MARGIN:-MARGIN].contiguous().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("train", "sample"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=os.environ.get("NOCTURNE_BENCH_MNIST"), help="MNIST's folder")
    parser.add_argument("--seconds", type=float, default=1200.0, help="of CPU time, on one thread, over all stretches")
    parser.add_argument("--count", type=int, default=10_000)
    args = parser.parse_args()
    torch.set_num_threads(1)
    peer = Example()
    if args.command == "train":
        peer.show(args.data)
        print(Stretch(peer, args.folder).run(lambda clock: clock.cpu >= args.seconds))
    else:
        print(Stretch(peer, args.folder).clock)
        np.savez(args.folder / "samples.npz", **peer.sample(args.count))


if __name__ == "__main__":
    main()
