"""Prints, as JSON, what a step of an optimisation does on a pretended GPU: `PRESET LANES SIDE [FIELD=VALUE ...]`."""

from __future__ import annotations

import json
import sys
from unittest import mock

import torch
from torch import Tensor

from core.config.presets import PRESETS
from core.networks import device as devices
from core.stylize.optimise import optimisation
from core.stylize.optimise.batched import lane_batch
from core.stylize.optimise.batched.lane_batch import LaneBatch
from core.stylize.optimise.batched.lane_count import LANE_BYTES, LANE_PIXELS, MEMORY_SHARE, LaneCount
from core.stylize.optimise.optimise import OptimisationRequest, stylise_all
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from tests.fake_cuda.trace import Trace, fake_cuda, faked

STEPS = 40
FROM, TO = 33, 37
"""Steps between which is counted: the history of L-BFGS is full from the 31st."""


class Steps:
    """Counts the steps of a batch, what they do, and the reads that the host does not wait for."""

    def __init__(self, trace: Trace) -> None:
        self.taken = self.reads = 0
        self._trace, self._step = trace, LaneBatch.step
        self._marks: dict[int, tuple[int, ...]] = {}

    def step(self, batch: LaneBatch) -> None:
        """A step; what has been counted before is marked."""
        trace = self._trace
        self._marks[self.taken] = trace.launches, trace.waits, trace.uploads, trace.downloads, self.reads
        self.taken += 1
        self._step(batch)

    def each(self) -> dict[str, float]:
        """What a step does, on average between FROM and TO."""
        names = ("launches", "waits", "uploads", "downloads", "reads")
        between = zip(names, self._marks[FROM], self._marks[TO], strict=True)
        return {name: (b - a) / (TO - FROM) for name, a, b in between}


class PretendedRead:
    """DelayedRead of fake tensors: zeros, by which no lane is done before the last step, and all are then."""

    steps: Steps

    def __init__(self, values: Tensor) -> None:
        self.steps.reads += 1
        self._shape, self._going = tuple(values.shape), float(self.steps.taken < STEPS)
        self.is_there = False

    def take(self) -> Tensor:
        """Losses, counts and masks of lanes, or a picture."""
        values = torch.zeros(self._shape, device="cpu").tolist()
        return _Rows([[*row[:-1], self._going] for row in values]) if len(self._shape) == 2 else _Rows(values)  # type: ignore[return-value]


class _Rows(list[list[float]]):
    """Rows whose values can be asked for, as those of a tensor."""

    def __getitem__(self, lane: int) -> _Row:  # type: ignore[override]
        return _Row(super().__getitem__(lane))


class _Row(list[float]):
    def tolist(self) -> list[float]:
        return list(self)


def main(preset: str, lanes: int, side: int, *fields: str) -> None:
    changes = dict(field.split("=") for field in fields)
    still = {"size": side, "steps": STEPS, "coarse_steps": 0, "patience": 0, "precision": "bfloat16"}
    recipe = PRESETS[preset].changed({**still, **{name: json.loads(value) for name, value in changes.items()}})
    devices.make_deterministic()
    real = for_recipe(recipe, torch.device("cpu"))
    count = LaneCount(torch.device("cpu"), lanes * LANE_BYTES * max(0.25, side * side / LANE_PIXELS) / MEMORY_SHARE)
    with fake_cuda():
        backbone = faked(real)
        with Trace() as trace:
            steps = PretendedRead.steps = Steps(trace)
            style = style_targets([torch.rand(3, side, side, device="cuda")], [1.0], recipe, backbone)
            requests = [
                OptimisationRequest(torch.rand(3, side, side, device="cuda"), style, seed) for seed in range(lanes)
            ]
            with (
                mock.patch.object(LaneBatch, "step", lambda batch: steps.step(batch)),
                mock.patch.object(lane_batch, "DelayedRead", PretendedRead),
                mock.patch.object(optimisation, "DelayedRead", PretendedRead),
            ):
                for _ in stylise_all(requests, recipe, backbone, count):
                    pass
    print(json.dumps({**steps.each(), "lanes": count.of(side, side), "seen": sorted(trace.seen)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
