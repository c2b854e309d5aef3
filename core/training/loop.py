"""Training loop: starts or resumes a training, and runs it in stretches with checkpoints, evaluation and rollbacks.

A killed training that is started again resumes from its last checkpoint and ends in the very same tensors. One that
diverges is rolled back to its last good checkpoint, with half the rate. What is learnt, and how it is measured, is said by
the subclasses of `TrainingLoop`: see core.training.training_kind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import torch

from core.errors import NotFinite, SpecError
from core.networks import device as devices
from core.networks.memory import retain_freed_memory
from core.training.folder import H, R, TrainingFolder
from core.training.progress import StretchResult, TrainingProgress
from core.training.trainer import M, StepMetrics
from core.training.training_kind import S, T, TrainingKind
from core.training.training_plan import TrainingPlan, new_plan, resumed_plan

MAX_ROLLBACKS = 5
"""Times that a training may diverge before it is given up."""


class TrainingLoop(TrainingKind[S, T, M, H, R]):
    """One training in this process. Call it under the run's lock."""

    def __init__(self, spec: S, folder: TrainingFolder[H, R], progress: TrainingProgress | None = None) -> None:
        """Read the data, and resume the training where it stands.

        Raises SpecError for wrong data, a changed recipe, or a device that is not there.
        """
        self.spec, self.folder, self.progress = spec, folder, progress or TrainingProgress()
        self.progress.score_words = self.score_words
        self.notes: list[str] = []
        self.folder.store.remove_temporary_files()
        self.device = devices.choose(spec.device)
        devices.make_deterministic(spec.threads)
        retain_freed_memory()
        torch.manual_seed(0)  # nothing here draws from it; a checkpoint's copy of its state is then always the same
        self.recipe = spec.base_recipe()
        self.load_data()
        self.plan = self._plan()
        self.recipe = type(self.recipe).model_validate(self.plan.recipe)
        self.prepare_evaluation()
        self._rollbacks = 0
        self.trainer = self._resumed_trainer()
        self.rows = self.folder.rows(self.trainer.step)
        best = self.folder.best()
        self.progress.best = best.training.get(self.score) if best else None
        self.progress.step, self.progress.steps, self.progress.stage = self.trainer.step, self.recipe.steps, "training"

    def _plan(self) -> TrainingPlan:
        """The plan of the training that stands here, or a new one."""
        old = self.folder.plan()
        if old is None:
            self.progress.stage = "measuring this machine's speed"
            plan = new_plan(self.spec, self.recipe, self.data_facts["digest"], self.seconds_a_step())
        else:
            plan = resumed_plan(old, self.spec, self.recipe, self.data_facts["digest"], self.data_source)
        if plan != old:
            self.folder.begin(self.spec.toml(), plan)
        return plan

    def _resumed_trainer(self) -> T:
        """The trainer as the latest whole checkpoint has it, or a new one."""
        for header in self.folder.checkpoints():
            trainer = self.new_trainer()
            try:
                self.restore(trainer, header)
            except (KeyError, TypeError, ValueError, RuntimeError, SpecError) as error:
                self.note(
                    f"{header.path.name} could not be gone on from ({type(error).__name__}); an older one is tried."
                )
                continue
            self.origin = header.data.get("start")
            return trainer
        return self.first_trainer()

    def run(self, stretch_steps: int | None = None, stop: Callable[[], bool] = lambda: False) -> StretchResult:
        """Train for so many steps, by default to the next evaluation; ends early, saved, once `stop()` is true.

        Raises NotFinite after MAX_ROLLBACKS rollbacks, and StoreBroken if the disk takes no more.
        """
        plan = self.plan
        end = self.trainer.step + (stretch_steps or plan.evaluate_every)
        if stretch_steps is None:
            end = (self.trainer.step // plan.evaluate_every + 1) * plan.evaluate_every
        end = min(end, self.recipe.steps)
        stopped = False
        while self.trainer.step < end and not stopped:
            try:
                self._train_to_next_row(end)
            except NotFinite as error:
                self._roll_back(error)
                continue
            stopped = stop()
            step = self.trainer.step
            if stopped or step % plan.checkpoint_every == 0 or step >= end:
                self._save()
        if self.trainer.step >= self.recipe.steps:
            self.finish()
        return StretchResult(self.trainer.step, self.recipe.steps, self.progress.row, stopped, self.progress.best)

    def record(self, stretch: StretchResult) -> dict[str, Any]:
        """A stretch as plain values: step, steps, over, stopped, the last row, and the best score."""
        return {
            "step": stretch.step,
            "steps": stretch.steps,
            "over": stretch.finished,
            "stopped": stretch.stopped,
            "row": asdict(stretch.row) if stretch.row else {},
            f"best_{self.score}": stretch.best,
        }

    def _train_to_next_row(self, end: int) -> None:
        """Steps up to the next row, checkpoint or end, and the row they make."""
        plan, step = self.plan, self.trainer.step
        marks = (plan.row_every, plan.checkpoint_every, plan.evaluate_every)
        target = min(end, *((step // every + 1) * every for every in marks))
        begun = time.perf_counter()
        pending: list[Callable[[], M]] = []
        while self.trainer.step < target:
            pending.append(self.trainer.begin_step())
            if self.device.type != "cuda":  # there, the host would wait for the device, and the device for the host
                _finite(pending[-1]())
        steps = [_finite(metrics()) for metrics in pending]
        row = self.metrics_row(steps, time.perf_counter() - begun)
        if self.trainer.step % plan.evaluate_every == 0 or self.trainer.step == self.recipe.steps:
            row = self._evaluate(row)
        self.rows.append(row)
        self._report_progress(row)

    def _evaluate(self, row: R) -> R:
        """The row with its score; the checkpoint is put if it is the best so far."""
        self.progress.stage = f"measuring {self.score_words}"
        row, notes = self.evaluate(row)
        score: float = getattr(row, self.score)
        if self.progress.best is None or score < self.progress.best:
            self.progress.best = score
            self.folder.put_best(self._checkpoint(notes))
        self.progress.score, self.progress.stage = score, "training"
        return row

    def _report_progress(self, row: R) -> None:
        progress, left = self.progress, self.recipe.steps - row.step
        progress.step, progress.steps, progress.row = row.step, self.recipe.steps, row
        progress.seconds_left = left * row.pictures / row.step / row.speed
        for warning in self.warnings():
            if not any(note[:16] == warning[:16] for note in self.notes):  # once a kind is enough
                self.note(warning)

    def _save(self) -> None:
        if not all(bool(torch.isfinite(value).all()) for value in self.trainer.average.state_dict().values()):
            raise NotFinite(f"the network of step {self.trainer.step:,} is not finite")
        self.folder.put_rows(self.rows, self.panels, self.across)
        self.folder.put_checkpoint(self.trainer.step, self._checkpoint({}), self.spec.keep)

    def _checkpoint(self, notes: dict[str, float]) -> bytes:
        data = self.data_facts | ({} if self.origin is None else {"start": self.origin})
        standing = {"rate_factor": self.trainer.rate_factor, "engine": devices.engine_name(self.device), **notes}
        return self.checkpoint_bytes(data, standing)

    def _roll_back(self, error: NotFinite) -> None:
        """Go back to the last good checkpoint with half the rate. Raises NotFinite when that has not helped."""
        self._rollbacks += 1
        if self._rollbacks > MAX_ROLLBACKS:
            raise NotFinite(
                f"{error}, after {MAX_ROLLBACKS} returns to a checkpoint with half the rate each",
                "train again with a lower --rate.",
            ) from error
        factor = self.trainer.rate_factor / 2
        self.trainer = self._resumed_trainer()
        self.trainer.rate_factor = factor
        self.rows = [row for row in self.rows if row.step <= self.trainer.step]
        self.note(f"{error}; went back to step {self.trainer.step:,} with {factor:g} of the rate.")


Step = TypeVar("Step", bound=StepMetrics)


def _finite(metrics: Step) -> Step:
    """The metrics of a step. Raises NotFinite."""
    if not metrics.finite:
        raise NotFinite(f"the losses were not finite at step {metrics.step:,}")
    return metrics
