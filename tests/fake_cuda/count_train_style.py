"""Prints, as JSON, what a step of a style training does on a pretended GPU: `[FIELD=VALUE ...]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from core.networks import device as devices
from core.networks.backbone import Backbone
from core.stylize.feedforward.predictor import look_of
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.feedforward.trainable_model import TrainableModel
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from core.stylize.train.contents import Contents
from core.stylize.train.style_bank import TrainingTarget
from core.stylize.train.trainer import IDENTITY, TransferTrainer
from tests.fake_cuda.trace import CUDA, Trace, fake_cuda, faked

CATALOG, ARTWORKS = 3, 2
WARM = 2


class NoiseBank:
    """Styles that all look alike, measured once; as a StyleBank has them."""

    def __init__(self, recipe: TransferRecipe, backbone: Backbone) -> None:
        asked = [torch.rand(3, 64, 64)], [1.0], recipe.losses(), backbone
        self._look = look_of(*asked, None)
        self._targets = {
            layer: {name: part.float() for name, part in target.items()}
            for layer, target in style_targets(*asked).scales[0].items()
        }

    def __len__(self) -> int:
        return CATALOG + ARTWORKS

    def looks(self, numbers: Sequence[int], _: object = None) -> Tensor:
        return torch.cat([self.look(number) for number in numbers])

    def look(self, _: int) -> Tensor:
        return self._look

    def training_target(self, _: int) -> TrainingTarget:
        return TrainingTarget(self._targets)

    def move(self) -> None:
        """To the pretended GPU."""
        self._look = torch.zeros_like(self._look, device=CUDA)
        self._targets = {
            layer: {name: torch.zeros_like(part, device=CUDA) for name, part in target.items()}
            for layer, target in self._targets.items()
        }


def known(model: TrainableModel, numbers: Sequence[int]) -> Tensor:
    """TrainableModel.known, whose indices torch would put on the GPU by itself; as often as it does."""
    first, second = (torch.zeros(len(numbers), dtype=torch.int64).to(CUDA) for _ in range(2))
    return model.predictor(model.looks[first]) + model.offsets[second]


def draw_nothing(trainer: TransferTrainer, side: int) -> None:
    """Have steps of one size and the same styles, of every kind: what is drawn by chance has no value here."""
    trainer.sampler.side = lambda _: side  # type: ignore[method-assign]
    trainer.sampler.crops = lambda _, count: torch.zeros(count, 3, side, side)  # type: ignore[method-assign]
    trainer.model.known = partial(known, trainer.model)  # type: ignore[method-assign]
    trainer.styles = lambda _, count: [0, CATALOG, IDENTITY, 1][:count]  # type: ignore[method-assign]


def main(*fields: str) -> None:
    changes = dict(field.split("=") for field in fields)
    recipe = TransferRecipe.model_validate({"crops": (128,), **{name: json.loads(v) for name, v in changes.items()}})
    devices.make_deterministic()
    backbone = for_recipe(recipe.losses().changed({"precision": "bfloat16"}), torch.device("cpu"))
    bank, pictures = NoiseBank(recipe, backbone), (np.zeros((300, 300, 3), np.uint8),) * 2
    contents = Contents(pictures, (), (), (), (), "")
    trainer = TransferTrainer(recipe, contents, bank, CATALOG, backbone)  # type: ignore[arg-type]
    with fake_cuda():
        for network in (trainer.model, trainer.average, backbone):
            faked(network)
        bank.move()
        trainer.device, trainer._bfloat16 = torch.device(CUDA), True
        trainer.optimiser = torch.optim.Adam(trainer.model.parameters(), recipe.rate, fused=True)
        trainer.optimisers = {"adam.": trainer.optimiser}
        draw_nothing(trainer, recipe.crops[0])
        with Trace() as whole:
            for _ in range(WARM):
                trainer.begin_step()
        with Trace() as trace:
            trainer.begin_step()
    counts = {"launches": trace.launches, "waits": trace.waits + trace.transfers, "layouts": trace.layouts}
    print(json.dumps({**counts, "operations": trace.operations, "seen": sorted(trace.seen | whole.seen)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
