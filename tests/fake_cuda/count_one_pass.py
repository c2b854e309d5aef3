"""Prints, as JSON, what the one-pass network does on a pretended GPU: `LANES HEIGHT WIDTH [train]`."""

from __future__ import annotations

import json
import sys

import torch

from core.networks import device as devices
from core.stylize.feedforward.network import TransferNetwork
from tests.fake_cuda.trace import Trace, fake_cuda, faked


def main(lanes: int, height: int, width: int, train: bool) -> None:
    devices.make_deterministic()
    real = TransferNetwork().to(torch.float32 if train else torch.bfloat16).requires_grad_(train)
    with fake_cuda():
        network = faked(real)
        x = torch.rand(lanes, 3, height, width, device="cuda")
        embedding = torch.rand(lanes, network.embedding_size, device="cuda", requires_grad=train)
        with Trace() as trace, torch.set_grad_enabled(train):
            y = network(x, embedding)
            if train:
                y.square().mean().backward()
    print(
        json.dumps(
            {
                "launches": trace.launches,
                "waits": trace.waits,
                "transfers": trace.transfers,
                "layouts": trace.layouts,
                "seen": sorted(trace.seen),
                "operations": trace.operations,
            }
        )
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), train=sys.argv[4:] == ["train"])
