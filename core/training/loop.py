"""A training as a studio runs it: begun or gone on with, in stretches, with checkpoints, figures, samples and warnings.

A killed training that is started again goes on from its last checkpoint and ends in the very same tensors. What makes a
training diverge is met by going back to the last good checkpoint with half the rate. What is learnt, and how it is
measured, is said by the classes that build on `Training`: see core.training.kind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from core.errors import NotFinite, SpecError
from core.networks import device as devices
from core.networks.memory import retain_freed_memory
from core.training.folder import TrainingFolder
from core.training.kind import F, I, R, S, T, TrainingKind
from core.training.plan import TrainingPlan, agreed, settled
from core.training.progress import Board, Stretch

FALLS = 5
"""Times that a training may diverge before it is given up."""


class Training(TrainingKind[S, T, F, I, R]):
    """One training in this process. Call it under the run's lock."""

    def __init__(self, spec: S, folder: TrainingFolder[I, R], board: Board | None = None) -> None:
        """Read the data and take up the training where it stands.

        Raises SpecError for wrong data, a changed recipe, or a device that is not there.
        """
        self.spec, self.folder, self.board = spec, folder, board or Board()
        self.board.score_words = self.score_words
        self.notes: list[str] = []
        self.folder.store.remove_temporary_files()
        self.device = devices.choose(spec.device)
        devices.make_deterministic(spec.threads)
        retain_freed_memory()
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
            self.origin = info.data.get("start")
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
                f"{error}, after {FALLS} returns to a checkpoint with half the rate each",
                "train again with a lower --rate.",
            ) from error
        factor = self.trainer.rate_factor / 2
        self.trainer = self._resumed()
        self.trainer.rate_factor = factor
        self.rows = [row for row in self.rows if row.step <= self.trainer.step]
        self.note(f"{error}; went back to step {self.trainer.step:,} with {factor:g} of the rate.")
