"""Prints, as JSON, what scoring an output does on a pretended GPU: `HEIGHT WIDTH`."""

from __future__ import annotations

import json
import sys
from functools import partial

import numpy as np
import torch

from core.networks import device as devices
from core.scoring.score import Scorer
from tests.fake_cuda.trace import CUDA, Trace, fake_cuda, faked


def main(height: int, width: int) -> None:
    devices.make_deterministic()
    scorer = Scorer(torch.device("cpu"))
    # In inference mode torch does not say what operations are made of.
    scorer._measure = torch.no_grad()(partial(Scorer._measure.__wrapped__, scorer))  # type: ignore[method-assign]
    pictures = [np.full((height, width, 3), 60 * number, np.uint8) for number in range(1, 4)]
    with fake_cuda():
        faked(scorer._network)
        scorer._device = torch.device(CUDA)
        with Trace(answer=0.5) as before:
            asset, artwork = map(scorer.reference, pictures[:2])
        with Trace(answer=0.5) as trace:
            scorer.score(pictures[2], asset, [(artwork, 1.0)])
    counts = {"launches": trace.launches, "waits": trace.waits + trace.transfers, "layouts": trace.layouts}
    print(json.dumps({**counts, "operations": trace.operations, "seen": sorted(trace.seen | before.seen)}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
