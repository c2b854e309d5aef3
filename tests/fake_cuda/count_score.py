"""Prints, as JSON, what scoring an output does on a pretended GPU: `HEIGHT WIDTH`."""

from __future__ import annotations

import json
import sys
from functools import partial
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from core.networks import device as devices
from core.scoring import batched_figures, score
from core.scoring.combined_calls import CombinedCalls
from core.scoring.score import TOGETHER, Scorer
from tests.fake_cuda.trace import CUDA, Trace, fake_cuda, faked


class PretendedRead:
    """DelayedRead of fake tensors: zeros."""

    made = 0

    def __init__(self, values: Tensor) -> None:
        PretendedRead.made += 1
        self._shape = tuple(values.shape)

    def take(self) -> Tensor:
        """Figures of outputs, or classes and features of one."""
        return torch.zeros(self._shape, device="cpu")


def main(height: int, width: int) -> None:
    devices.make_deterministic()
    scorer = Scorer(torch.device("cpu"))
    # In inference mode torch does not say what operations are made of.
    for name in ("_measure", "_compared"):
        setattr(scorer, name, torch.no_grad()(partial(getattr(Scorer, name).__wrapped__, scorer)))
    scorer._compare = CombinedCalls(scorer._compared, TOGETHER)
    pictures = [np.full((height, width, 3), 60 * number, np.uint8) for number in range(1, 4)]
    with (
        mock.patch.object(batched_figures, "DelayedRead", PretendedRead),
        mock.patch.object(score, "DelayedRead", PretendedRead),
        fake_cuda(),
    ):
        faked(scorer._network)
        scorer._device = torch.device(CUDA)
        with Trace(answer=0.5) as before:
            asset, artwork = map(scorer.reference, pictures[:2])
        references = before.waits + before.transfers + PretendedRead.made
        PretendedRead.made = 0
        with Trace(answer=0.5) as trace:
            scorer.score_together(pictures[2], asset, [(artwork, 1.0)])
    waits = trace.waits + trace.transfers + PretendedRead.made
    counts = {"launches": trace.launches, "waits": waits, "references": references, "layouts": trace.layouts}
    print(json.dumps({**counts, "operations": trace.operations, "seen": sorted(trace.seen | before.seen)}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
