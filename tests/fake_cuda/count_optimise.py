"""Prints, as JSON, what a step of an optimisation does on a pretended GPU: `PRESET LANES SIDE [FIELD=VALUE ...]`."""

from __future__ import annotations

import json
import sys

import torch

from core.config.presets import PRESETS
from core.networks import device as devices
from core.stylize.optimise.optimise import OptimisationRequest, OptimisationStep, stylise_all
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from tests.fake_cuda.trace import Trace, fake_cuda, faked

STEPS = 40
FROM, TO = 33, 37
"""Steps between which is counted: the history of L-BFGS is full from the 31st."""


def main(preset: str, lanes: int, side: int, *fields: str) -> None:
    changes = dict(field.split("=") for field in fields)
    still = {"size": side, "steps": STEPS, "coarse_steps": 0, "patience": 0, "lanes": lanes, "precision": "bfloat16"}
    recipe = PRESETS[preset].changed({**still, **{name: json.loads(value) for name, value in changes.items()}})
    devices.make_deterministic()
    real = for_recipe(recipe, torch.device("cpu"))
    marks: dict[int, tuple[int, int, int]] = {}
    with fake_cuda():
        backbone = faked(real)
        with Trace() as trace:

            def on_step(step: OptimisationStep) -> None:
                marks[step.step] = trace.launches, trace.waits, trace.transfers

            artwork = torch.rand(3, side, side, device="cuda")
            style = style_targets([artwork], [1.0], recipe, backbone)
            requests = [
                OptimisationRequest(
                    torch.rand(3, side, side, device="cuda"), style, seed, on_step if seed == 0 else None
                )
                for seed in range(lanes)
            ]
            for _ in stylise_all(requests, recipe, backbone):
                pass
    launches, waits, transfers = ((b - a) / (TO - FROM) for a, b in zip(marks[FROM], marks[TO], strict=True))
    print(json.dumps({"launches": launches, "waits": waits, "transfers": transfers, "seen": sorted(trace.seen)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
