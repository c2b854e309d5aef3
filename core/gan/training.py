"""A training as a studio runs it: begun or gone on with, in stretches, with checkpoints, figures, samples and warnings.

A killed training that is started again goes on from its last checkpoint and ends in the very same tensors. What makes a
training diverge is met by going back to the last good checkpoint with half the rate.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch

from core import device as devices
from core.errors import NotFinite, SpecError
from core.gan import dataset, health
from core.gan.augment import Strength
from core.gan.checkpoint import CheckpointInfo, checkpoint_bytes, read_info, read_tensors
from core.gan.dataset import Dataset
from core.gan.evaluation import Evaluator
from core.gan.features import FeatureNetwork
from core.gan.figures import Row, row_of
from core.gan.recipe import GanRecipe
from core.gan.timelapse import drawn, grid_png, shown_noise
from core.gan.train_spec import TrainSpec
from core.gan.trainer import Figures, Trainer
from core.gan.training_folder import TrainingFolder
from core.gan.training_plan import TrainingPlan, agreed, settled
from core.layout import printable

FALLS = 5
"""Times that a training may diverge before it is given up."""
SHOWN_FAULTS = 20


@dataclass
class Board:
    """How a training goes, for whoever shows it."""

    stage: str = "reading pictures"
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    row: Row | None = None
    kid: float | None = None
    best: float | None = None
    notes: list[str] = field(default_factory=list)
    """What a person should be told at once."""


@dataclass(frozen=True)
class Stretch:
    """What a stretch came to."""

    step: int
    steps: int
    row: Row | None
    stopped: bool
    best_kid: float | None

    @property
    def over(self) -> bool:
        """Whether the training is at its end."""
        return self.step >= self.steps


class Training:
    """One training in this process. Call it under the run's lock."""

    def __init__(self, spec: TrainSpec, network: Callable[[int], FeatureNetwork], board: Board | None = None) -> None:
        """Read the data and take up the training where it stands.

        network: makes the feature network that KID is measured with, for pictures of a size in pixels. Raises SpecError
        for wrong data, a changed recipe, or a device that is not there.
        """
        self.spec, self.board = spec, board or Board()
        self.notes: list[str] = []
        self.folder = TrainingFolder(spec.out)
        self.folder.store.sweep()
        self._device = devices.choose(spec.device)
        devices.make_deterministic(spec.threads)
        torch.manual_seed(0)  # nothing here draws from it; a checkpoint's copy of its state is then always the same
        wanted = spec.base_recipe()
        self.data = self._read(wanted)
        self.plan = self._plan(wanted)
        self.recipe = GanRecipe.model_validate(self.plan.recipe)
        self.board.stage = "measuring real pictures"
        self._evaluator = Evaluator(self._real(), self.recipe.size, spec.evaluate_pictures, network(self.recipe.size))
        self._falls = 0
        self.trainer = self._resumed()
        self.rows = self.folder.rows(self.trainer.step)
        best = self.folder.best()
        self.board.best = best.training.get("kid") if best else None
        self.board.step, self.board.steps, self.board.stage = self.trainer.step, self.recipe.steps, "training"

    def _read(self, recipe: GanRecipe) -> Dataset:
        def tick(done: int, total: int) -> None:
            self.board.step, self.board.steps = done, total

        if self.spec.download:
            dataset.download_mnist(self.spec.data)
        data = dataset.load(self.spec.data, recipe, self.spec.max_pixels, tick)
        for fault in data.faults[:SHOWN_FAULTS]:
            self._note(f"left out: {fault.message}")
        if len(data.faults) > SHOWN_FAULTS:
            self._note(f"left out: {len(data.faults) - SHOWN_FAULTS} more files; log.jsonl has them all")
        for fault in data.faults:
            self.folder.log("left out", **asdict(fault))
        return data

    def _real(self) -> Dataset:
        """The pictures that KID is measured against: held-out ones if there are any."""
        if self.spec.held_out is not None:
            return dataset.load(self.spec.held_out, self.recipe.changed({"conditional": False}), self.spec.max_pixels)
        test = dataset.load_mnist_test(self.spec.data, self.recipe) if self.data.kind == "mnist" else None
        return test or self.data

    def _plan(self, wanted: GanRecipe) -> TrainingPlan:
        """The plan of the training that stands here, or a new one."""
        old = self.folder.plan()
        if old is None:
            self.board.stage = "measuring this machine's speed"
            plan = settled(self.spec, wanted, self.data, self._device)
        else:
            plan = agreed(old, self.spec, wanted, self.data)
        if plan != old:
            self.folder.begin(self.spec.toml(), plan)
        return plan

    def _resumed(self) -> Trainer:
        """The trainer as the latest whole checkpoint has it, or a new one."""
        for info in self.folder.checkpoints():
            trainer = Trainer(self.recipe, self.data, self._device)
            try:
                restore(trainer, info)
            except (KeyError, TypeError, ValueError, RuntimeError, SpecError) as error:
                self._note(
                    f"{info.path.name} could not be gone on from ({type(error).__name__}); an older one is tried."
                )
                continue
            return trainer
        return self._begun()

    def _begun(self) -> Trainer:
        """A new trainer, at the start that the spec names. Raises SpecError if that is none for this recipe."""
        trainer = Trainer(self.recipe, self.data, self._device)
        start = self.spec.start
        if start is not None:
            info = read_info(start)
            if not info.whole:
                raise SpecError(
                    f"{printable(str(start))} can draw, but not begin a training: it holds the average alone; give a "
                    "checkpoint from the folder of a training."
                )
            try:
                trainer.restore(read_tensors(start), 0, trainer.strength, 1.0)
            except (KeyError, ValueError, RuntimeError) as error:
                raise SpecError(
                    f"{printable(str(start))} is of another architecture, size, width or number of classes than this "
                    "training's recipe; give one that is of the same."
                ) from error
        return trainer

    def run(self, stretch_steps: int | None = None, stop: Callable[[], bool] = lambda: False) -> Stretch:
        """Train for so many steps, by default to the next evaluation; ends early, saved, once `stop()` is true.

        Raises NotFinite after FALLS falls, and StoreBroken if the disk takes no more.
        """
        plan = self.plan
        end = self.trainer.step + (stretch_steps or plan.evaluate_every)
        if stretch_steps is None:
            end = (self.trainer.step // plan.evaluate_every + 1) * plan.evaluate_every
        end = min(end, self.recipe.steps)
        stopped = False
        while self.trainer.step < end and not stopped:
            try:
                self._train_row(end)
            except NotFinite as error:
                self._fall(error)
                continue
            stopped = stop()
            step = self.trainer.step
            if stopped or step % plan.checkpoint_every == 0 or step >= end:
                self._save()
        return Stretch(self.trainer.step, self.recipe.steps, self.board.row, stopped, self.board.best)

    def _train_row(self, end: int) -> None:
        """Steps up to the next row, checkpoint or end, and the row they make."""
        plan, step = self.plan, self.trainer.step
        marks = (plan.row_every, plan.checkpoint_every, plan.evaluate_every)
        target = min(end, *((step // every + 1) * every for every in marks))
        begun = time.perf_counter()
        stretch: list[Figures] = []
        while self.trainer.step < target:
            found = self.trainer.advance()
            if not math.isfinite(found.d_loss + found.g_loss):
                raise NotFinite(f"the losses were not finite at step {found.step:,}")
            stretch.append(found)
        row = row_of(stretch, self.recipe.pictures_a_step, time.perf_counter() - begun)
        if self.trainer.step % plan.evaluate_every == 0 or self.trainer.step == self.recipe.steps:
            row = self._evaluated(row)
        self.rows.append(row)
        self._show(row)

    def _evaluated(self, row: Row) -> Row:
        """The row with KID and diversity; the sample grid is put, and the checkpoint if it is the best so far."""
        self.board.stage = "measuring KID"
        found = self._evaluator.measure(self.trainer)
        if not math.isfinite(found.kid):
            raise NotFinite(f"the samples of step {row.step:,} were not finite")
        self.folder.put_grid(row.step, grid_png(drawn(self.trainer, *shown_noise(self.trainer))))
        if self.board.best is None or found.kid < self.board.best:
            self.board.best = found.kid
            self.folder.put_best(self._checkpoint({"kid": found.kid, "kid_spread": found.kid_spread}))
        self.board.kid, self.board.stage = found.kid, "training"
        return replace(row, kid=found.kid, kid_spread=found.kid_spread, diversity=found.diversity)

    def _show(self, row: Row) -> None:
        board = self.board
        board.step, board.steps, board.row = row.step, self.recipe.steps, row
        board.seconds_left = (self.recipe.steps - row.step) * self.recipe.pictures_a_step / row.pictures_a_second
        for warning in health.warnings(self.rows, self.recipe):
            if not any(note[:16] == warning[:16] for note in self.notes):  # once a kind is enough
                self._note(warning)

    def _save(self) -> None:
        if not all(bool(torch.isfinite(value).all()) for value in self.trainer.average.state_dict().values()):
            raise NotFinite(f"the network of step {self.trainer.step:,} is not finite")
        self.folder.put_rows(self.rows)
        self.folder.put_checkpoint(self.trainer.step, self._checkpoint(), self.spec.keep)

    def _checkpoint(self, more: dict[str, Any] | None = None) -> bytes:
        trainer, data = self.trainer, self.data
        training = {
            "strength": asdict(trainer.strength),
            "rate_factor": trainer.rate_factor,
            "engine": devices.engine_name(self._device),
            **(more or {}),
        }
        about = {"kind": data.kind, "pictures": len(data), "digest": data.digest, "sha256": list(data.sha256)}
        if self.spec.start is not None:
            about["start"] = read_info(self.spec.start).digest
        classes = data.classes if self.recipe.conditional else ()
        return checkpoint_bytes(trainer.state(), self.recipe, trainer.step, classes, about, training)

    def _fall(self, error: NotFinite) -> None:
        """Back to the last good checkpoint with half the rate. Raises NotFinite when that has not helped."""
        self._falls += 1
        if self._falls > FALLS:
            raise NotFinite(
                f"{error}, after {FALLS} returns to a checkpoint with half the rate each; train again with a lower --rate."
            ) from error
        factor = self.trainer.rate_factor / 2
        self.trainer = self._resumed()
        self.trainer.rate_factor = factor
        self.rows = [row for row in self.rows if row.step <= self.trainer.step]
        self._note(f"{error}; went back to step {self.trainer.step:,} with {factor:g} of the rate.")

    def _note(self, text: str) -> None:
        self.notes.append(text)
        self.board.notes.append(text)
        self.folder.log("note", text=text)


def restore(trainer: Trainer, info: CheckpointInfo) -> None:
    """Bring a new trainer of the same recipe and data to where a checkpoint was. Raises SpecError, KeyError, TypeError,
    ValueError or RuntimeError if it is not one of its own.
    """
    training = info.training
    strength = Strength(**training["strength"])
    trainer.restore(read_tensors(info.path), info.step, strength, float(training["rate_factor"]))
