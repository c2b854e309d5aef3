"""Time until a style that is learnt by its embedding alone is within 10 % of the loss of one that was trained jointly.

Each style begins as it is predicted, as `learn-style` begins. The joint loss is that of `--joint`, a network trained with
styles that the network measured never saw; without it the network's own styles are forgotten one by one, and its own
embedding is the one to come near to. Judged as `learn-style` judges, on photographs that come along.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.storage.cache_dir import cache_folder
from core.stylize.feedforward.transfer_file import load
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.train import contents
from core.stylize.train.learn_spec import LearnStyleSpec
from core.stylize.train.learn_styles import usual_contents
from core.stylize.train.perceptual import PerceptualLoss
from core.stylize.train.refine_embedding import EmbeddingRefiner
from core.stylize.train.style_bank import StyleArtworks, StyleBank, TrainingTarget
from fast_network import CPU, artworks
from figure_rows import Row
from style_records import Records, Stopwatch, Values, engine, loads

NEAR, MOST = 1.10, 600.0


@dataclass(frozen=True)
class Pupil:
    """A style to learn: what is asked of it, where it begins, and the loss to come near to."""

    target: TrainingTarget
    start: Tensor
    joint: float


class School:
    """A network whose styles are learnt, and one that knows them already."""

    def __init__(self, network: Path, joint: Path, folder: Path) -> None:
        self.spec = LearnStyleSpec(catalog=folder, network=network)
        self.model, self.teacher = load(network, CPU, "float32"), load(joint, CPU, "float32")
        self._recipe = recipe = self.teacher.info.recipe
        self._losses = recipe.losses()
        self._backbone = for_recipe(self._losses, CPU)
        perceptual = PerceptualLoss(self._losses, self._backbone)
        pictures = contents.load(usual_contents(), recipe, self.spec.max_pixels)
        self.refiner = EmbeddingRefiner(self.model.network, recipe, pictures, perceptual)
        self._perceptual = EmbeddingRefiner(self.teacher.network, recipe, pictures, perceptual)

    def pupil(self, name: str, number: int, artwork: Path) -> Pupil:
        """A style that the joint network knows by `number`."""
        palette = StyleArtworks(name, (artwork,), share=self._recipe.style_shares.get(name, 1.0))
        bank = StyleBank([palette], self._losses, self._backbone, cache_folder(), self._recipe.trim)
        target, known = bank.training_target(0), self.teacher.embeddings[number : number + 1]
        with torch.no_grad():
            start = self.model.predictor(bank.look(0))
        return Pupil(target, start, self._perceptual.loss(known, target))


def rows(records: Records, network: Path, joint: Path, folder: Path) -> Iterator[Row]:
    """A row a style that the joint network knows, and one for them all."""
    school, found = School(network, joint, folder), []
    for name, (number, artwork) in artworks(joint, folder).items():
        about = {
            "network": school.model.info.digest,
            "joint": school.teacher.info.digest,
            "style": name,
            "settings": [school.spec.steps, school.spec.rate, NEAR],
            **engine(),
        }
        values = records.get(
            f"fast/refine-{name}", about, lambda n=name, k=number, a=artwork: _taught(school, school.pupil(n, k, a))
        )
        found.append(values)
        yield Row(f"refining {name} until within 10 % of the jointly trained loss", _said(values))
    taken = [each["cpu_seconds"] for each in found if each["reached"]]
    yield Row(
        f"time to refine a style to within 10 %, {len(found)} styles",
        f"{len(taken)} of {len(found)}"
        + (f", at most {max(taken):.0f} CPU seconds" if taken else "")
        + f" ({loads(found)})",
        "under 10 minutes",
        len(taken) == len(found) and max(taken) < MOST,
    )


def _taught(school: School, pupil: Pupil) -> Values:
    """The losses on the way, up to the first that is near enough; looking at them is on the clock, as for a user."""
    clock, way = Stopwatch(), []

    class NearEnough(Exception):
        pass

    def seen(step: int, loss: float) -> None:
        way.append({"step": step, "loss": loss, **clock.read()})
        if loss <= NEAR * pupil.joint:
            raise NearEnough

    with contextlib.suppress(NearEnough):
        school.refiner.refined(pupil.start, pupil.target, school.spec.steps, school.spec.rate, seen)
    last = way[-1]
    return {"joint": pupil.joint, "reached": last["loss"] <= NEAR * pupil.joint, "way": way, **last}


def _said(values: Values) -> str:
    first, last = values["way"][0]["loss"], values["loss"]
    ends = f"loss {first:.0f} to {last:.0f}, jointly {values['joint']:.0f} ({last / values['joint']:.2f} of it)"
    return f"{ends}, {values['step']} steps, {values['cpu_seconds']:.0f} CPU seconds, {values['seconds']:.0f} by wall clock"
