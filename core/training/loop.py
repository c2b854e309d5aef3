"""A training as a studio runs it: begun or gone on with, in stretches, with checkpoints, figures, samples and warnings.

A killed training that is started again goes on from its last checkpoint and ends in the very same tensors. What makes a
training diverge is met by going back to the last good checkpoint with half the rate. What is learnt, and how it is
measured, is said by the classes that build on `Training`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from core import device as devices
from core.errors import NotFinite, SpecError
from core.training.board import Board, Stretch
from core.training.faults import Fault
from core.training.folder import Info, TrainingFolder
from core.training.plan import TrainingPlan, agreed, settled
from core.training.rows import Panel, Row
from core.training.spec import TrainingSpec

FALLS = 5
"""Times that a training may diverge before it is given up."""
SHOWN_FAULTS = 20


class Trained(Protocol):
    """A trainer: networks with an average, and the step that moves them."""

    step: int
    rate_factor: float

    @property
    def average(self) -> nn.Module:
        """The moving average of what is learnt, which is used in the end."""

    def state(self) -> dict[str, Tensor]:
        """Every tensor that decides how the training goes on, by name."""


class Figures(Protocol):
    """What a step says of itself."""

    @property
    def step(self) -> int:
        """Its number, from 1."""

    @property
    def finite(self) -> bool:
        """Whether its losses are finite."""


S = TypeVar("S", bound=TrainingSpec)
T = TypeVar("T", bound=Trained)
F = TypeVar("F", bound=Figures)
I = TypeVar("I", bound=Info)  # noqa: E741
R = TypeVar("R", bound=Row)


class Training(ABC, Generic[S, T, F, I, R]):
    """One training in this process. Call it under the run's lock."""

    score: ClassVar[str]
    """The column that says how good the average is, lower is better; also its name in a checkpoint's notes."""
    score_words: ClassVar[str]
    """What the score is called before people, such as `KID`."""
    score_about: ClassVar[str]
    """What stands behind the best score, in brackets, for those who have not met it."""
    panels: ClassVar[Sequence[Panel]]
    across: ClassVar[str]
    """What the plot says of the pictures seen."""
    recipe: Any

    def __init__(self, spec: S, folder: TrainingFolder[I, R], board: Board | None = None) -> None:
        """Read the data and take up the training where it stands.

        Raises SpecError for wrong data, a changed recipe, or a device that is not there.
        """
        self.spec, self.folder, self.board = spec, folder, board or Board()
        self.board.score_words = self.score_words
        self.notes: list[str] = []
        self.folder.store.sweep()
        self.device = devices.choose(spec.device)
        devices.make_deterministic(spec.threads)
        torch.manual_seed(0)  # nothing here draws from it; a checkpoint's copy of its state is then always the same
        self.recipe = spec.base_recipe()
        self.read()
        self.plan = self._plan()
        self.recipe = type(self.recipe).model_validate(self.plan.recipe)
        self.prepare()
        self._falls = 0
        self.trainer = self._resumed()
        self.rows = self.folder.rows(self.trainer.step)
        best = self.folder.best()
        self.board.best = best.training.get(self.score) if best else None
        self.board.step, self.board.steps, self.board.stage = self.trainer.step, self.recipe.steps, "training"

    @abstractmethod
    def read(self) -> None:
        """Read the data by `self.recipe`; say `self.leave_out` of what is broken. Raises SpecError."""

    @property
    @abstractmethod
    def data_digest(self) -> str:
        """16 hex digits over all that is learnt from."""

    @property
    @abstractmethod
    def data_source(self) -> str:
        """Where the data came from, for a message."""

    @abstractmethod
    def seconds_a_step(self) -> float:
        """How long a step takes on this machine now."""

    @abstractmethod
    def prepare(self) -> None:
        """Make ready, once the recipe is settled, what measures the training."""

    @abstractmethod
    def new_trainer(self) -> T:
        """A trainer before its first step."""

    @abstractmethod
    def restore(self, trainer: T, info: I) -> None:
        """Bring a new trainer to where a checkpoint was. Raises SpecError, KeyError, TypeError, ValueError or
        RuntimeError if it is not one of its own.
        """

    @abstractmethod
    def advance(self, trainer: T) -> F:
        """One step."""

    @abstractmethod
    def row_of(self, stretch: Sequence[F], seconds: float) -> R:
        """The row of the steps of one stretch."""

    @abstractmethod
    def measured(self, row: R) -> tuple[R, dict[str, float]]:
        """The row with the score and what else is measured now and then, and notes for the best checkpoint; the sheet
        of samples is put. Raises NotFinite.
        """

    @abstractmethod
    def checkpoint(self, notes: dict[str, Any]) -> bytes:
        """All that is needed to go on, with notes on the training."""

    def begun(self) -> T:
        """A new trainer, at the start that the spec names. Raises SpecError if that is none for this recipe."""
        return self.new_trainer()

    def warnings(self) -> list[str]:
        """Signs in the rows that the training goes wrong, in sentences that say what to do."""
        return []

    def finish(self) -> None:
        """What is left in the folder once the last step is done."""
        return

    def tick(self, done: int, total: int) -> None:
        """Show how far reading is."""
        self.board.step, self.board.steps = done, total

    def leave_out(self, faults: Sequence[Fault]) -> None:
        """Tell of files that could not be used."""
        for fault in faults[:SHOWN_FAULTS]:
            self.note(f"left out: {fault.message}")
        if len(faults) > SHOWN_FAULTS:
            self.note(f"left out: {len(faults) - SHOWN_FAULTS} more files; log.jsonl has them all")
        for fault in faults:
            self.folder.log("left out", **asdict(fault))

    def note(self, text: str) -> None:
        """Tell a person of something at once, and the log."""
        self.notes.append(text)
        self.board.notes.append(text)
        self.folder.log("note", text=text)

    def _plan(self) -> TrainingPlan:
        """The plan of the training that stands here, or a new one."""
        old = self.folder.plan()
        if old is None:
            self.board.stage = "measuring this machine's speed"
            plan = settled(self.spec, self.recipe, self.data_digest, self.seconds_a_step())
        else:
            plan = agreed(old, self.spec, self.recipe, self.data_digest, self.data_source)
        if plan != old:
            self.folder.begin(self.spec.toml(), plan)
        return plan

    def _resumed(self) -> T:
        """The trainer as the latest whole checkpoint has it, or a new one."""
        for info in self.folder.checkpoints():
            trainer = self.new_trainer()
            try:
                self.restore(trainer, info)
            except (KeyError, TypeError, ValueError, RuntimeError, SpecError) as error:
                self.note(
                    f"{info.path.name} could not be gone on from ({type(error).__name__}); an older one is tried."
                )
                continue
            return trainer
        return self.begun()

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
        if self.trainer.step >= self.recipe.steps:
            self.finish()
        return Stretch(self.trainer.step, self.recipe.steps, self.board.row, stopped, self.board.best)

    def record(self, stretch: Stretch) -> dict[str, Any]:
        """A stretch as plain values: step, steps, over, stopped, the last row, and the best score."""
        return {
            "step": stretch.step,
            "steps": stretch.steps,
            "over": stretch.over,
            "stopped": stretch.stopped,
            "row": asdict(stretch.row) if stretch.row else {},
            f"best_{self.score}": stretch.best,
        }

    def _train_row(self, end: int) -> None:
        """Steps up to the next row, checkpoint or end, and the row they make."""
        plan, step = self.plan, self.trainer.step
        marks = (plan.row_every, plan.checkpoint_every, plan.evaluate_every)
        target = min(end, *((step // every + 1) * every for every in marks))
        begun = time.perf_counter()
        stretch: list[F] = []
        while self.trainer.step < target:
            found = self.advance(self.trainer)
            if not found.finite:
                raise NotFinite(f"the losses were not finite at step {found.step:,}")
            stretch.append(found)
        row = self.row_of(stretch, time.perf_counter() - begun)
        if self.trainer.step % plan.evaluate_every == 0 or self.trainer.step == self.recipe.steps:
            row = self._evaluated(row)
        self.rows.append(row)
        self._show(row)

    def _evaluated(self, row: R) -> R:
        """The row with its score; the checkpoint is put if it is the best so far."""
        self.board.stage = f"measuring {self.score_words}"
        row, notes = self.measured(row)
        score: float = getattr(row, self.score)
        if self.board.best is None or score < self.board.best:
            self.board.best = score
            self.folder.put_best(self.checkpoint(self._training_notes(notes)))
        self.board.score, self.board.stage = score, "training"
        return row

    def _show(self, row: R) -> None:
        board, left = self.board, self.recipe.steps - row.step
        board.step, board.steps, board.row = row.step, self.recipe.steps, row
        board.seconds_left = left * row.pictures / row.step / row.speed
        for warning in self.warnings():
            if not any(note[:16] == warning[:16] for note in self.notes):  # once a kind is enough
                self.note(warning)

    def _save(self) -> None:
        if not all(bool(torch.isfinite(value).all()) for value in self.trainer.average.state_dict().values()):
            raise NotFinite(f"the network of step {self.trainer.step:,} is not finite")
        self.folder.put_rows(self.rows, self.panels, self.across)
        self.folder.put_checkpoint(self.trainer.step, self.checkpoint(self._training_notes({})), self.spec.keep)

    def _training_notes(self, more: dict[str, float]) -> dict[str, Any]:
        return {"rate_factor": self.trainer.rate_factor, "engine": devices.engine_name(self.device), **more}

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
        self.note(f"{error}; went back to step {self.trainer.step:,} with {factor:g} of the rate.")
