"""Training of a network that stylises in one pass: its data, its trainer, the validation loss, and the sample grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from core.errors import NotFinite, SpecError
from core.safe_text import printable
from core.stylize.feedforward import style_lookup
from core.stylize.feedforward.network import PictureBatch
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.feedforward.transfer_file import checkpoint_bytes, exported, load, read_info, read_tensors
from core.stylize.feedforward.transfer_info import TransferInfo
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.train import training_data
from core.stylize.train.metrics_row import ACROSS, PANELS, TransferMetricsRow, metrics_row
from core.stylize.train.perceptual import PerceptualLoss
from core.stylize.train.style_bank import StyleBank
from core.stylize.train.train_spec import TrainStyleSpec
from core.stylize.train.trainer import IDENTITY, TransferStepMetrics, TransferTrainer
from core.stylize.train.validation import ValidationSet
from core.training import loop
from core.training.folder import BEST, NETWORK, TrainingFolder
from core.training.progress import TrainingProgress
from core.training.timing import TIMED, WARM_UP, seconds_a_step


class TransferTraining(
    loop.TrainingLoop[TrainStyleSpec, TransferTrainer, TransferStepMetrics, TransferInfo, TransferMetricsRow]
):
    """One training in this process. Call it under the run's lock."""

    score, score_words = "held_out", "held-out loss"
    score_about = "content and style, of the average"
    panels, across = PANELS, ACROSS
    recipe: TransferRecipe

    def __init__(self, spec: TrainStyleSpec, progress: TrainingProgress | None = None) -> None:
        """Read the data, and resume the training where it stands.

        Raises SpecError for wrong data, a changed recipe, or a device that is not there.
        """
        super().__init__(spec, TrainingFolder(spec.out, read_info, TransferMetricsRow), progress)
        if self.trainer.step >= self.recipe.steps:
            self.finish()  # it may have been killed before

    def load_data(self) -> None:
        """Read catalog, contents and artworks, and load the backbone."""
        spec, recipe = self.spec, self.recipe
        self.data = training_data.load(
            spec.catalog,
            spec.contents,
            spec.artworks,
            recipe,
            spec.max_pixels,
            self.show_reading,
            system_folders=spec.system_folders,
        )
        for note in self.data.notes:
            self.note(note)
        self.report_skipped(self.data.faults)
        self._backbone = for_recipe(recipe.losses(), self.device)
        palettes = [*self.data.catalog.palettes, *self.data.artworks]
        self._bank = StyleBank(palettes, recipe.losses(), self._backbone, spec.out, recipe.trim)

    @property
    def data_facts(self) -> dict[str, Any]:
        """Digest of catalog, contents and artworks, and their numbers."""
        data = self.data
        return {
            "digest": data.digest,
            "contents": len(data.contents.files),
            "held_out": len(data.contents.held_out),
            "artworks": len(data.artworks),
        }

    @property
    def data_source(self) -> str:
        """The folders that are read."""
        folders = [self.spec.catalog, *self.spec.contents, *self.spec.artworks]
        return "What lies in " + ", ".join(printable(str(folder)) for folder in folders)

    def seconds_a_step(self) -> float:
        """By a trainer that is thrown away, which has seen its styles before: later steps mostly have, too."""
        trial = self.new_trainer()
        for step in range(WARM_UP + TIMED):
            for style in trial.styles(step, self.recipe.batch):
                if style != IDENTITY:
                    self._bank.targets(style)
        return seconds_a_step(trial.advance)

    def prepare_evaluation(self) -> None:
        """Choose the held-out squares."""
        perceptual, styles = PerceptualLoss(self.recipe.losses(), self._backbone), len(self.data.catalog.palettes)
        self._held_out = ValidationSet(self.data.contents, self.recipe, styles, self.spec.evaluate_pictures, perceptual)

    def new_trainer(self) -> TransferTrainer:
        """A trainer with seeded weights and the looks of the first styles."""
        self.progress.stage = "looking at artworks"
        return TransferTrainer(
            self.recipe,
            self.data.contents,
            self._bank,
            len(self.data.catalog.palettes),
            self._backbone,
            self.show_reading,
        )

    def first_trainer(self) -> TransferTrainer:
        """A new trainer, with the network that the spec names. Raises SpecError if that is none for this recipe."""
        trainer, start = self.new_trainer(), self.spec.start
        if start is not None:
            model = load(start, self.device, "float32")
            rows = [style_lookup.row_of(style.artworks, model.info.styles) for style in self.data.catalog.known]
            try:
                trainer.begin_with(model, rows)
            except RuntimeError as error:
                raise SpecError(
                    f"{printable(str(start))} is a network of breadth {model.info.recipe.breadth:g}, and this training "
                    f"is of one of breadth {self.recipe.breadth:g}",
                    f"give --breadth {model.info.recipe.breadth:g}.",
                ) from error
            self.origin = model.info.digest
        return trainer

    def restore(self, trainer: TransferTrainer, header: TransferInfo) -> None:
        """Bring networks and optimiser to where a checkpoint was."""
        trainer.restore(read_tensors(header.path), header.step, float(header.training["rate_factor"]))

    def metrics_row(self, steps: Sequence[TransferStepMetrics], seconds: float) -> TransferMetricsRow:
        """The row over these steps."""
        return metrics_row(steps, self.rows[-1].pictures if self.rows else 0, seconds)

    def evaluate(self, row: TransferMetricsRow) -> tuple[TransferMetricsRow, dict[str, float]]:
        """Measure the held-out loss, and put the sample grid."""
        found = self._held_out.loss(self._paint, self._bank.training_target)
        if not math.isfinite(found.loss):
            raise NotFinite(f"the held-out pictures of step {row.step:,} were not finite")
        self.folder.put_samples(row.step, self._held_out.sheet(self._paint, self.data.catalog.palettes))
        judged = replace(row, held_out=found.loss, held_out_content=found.content, held_out_style=found.style)
        return judged, {"held_out": found.loss}

    def _paint(self, pictures: PictureBatch, styles: Sequence[int]) -> PictureBatch:
        return self.trainer.painted(pictures, self.trainer.average.known(styles))

    def checkpoint_bytes(self, data: dict[str, Any], notes: dict[str, Any]) -> bytes:
        """The network, its average, the optimiser, and what they were trained on."""
        trainer = self.trainer
        return checkpoint_bytes(trainer.state(), self.recipe, trainer.step, self.data.catalog.known, data, notes)

    def finish(self) -> None:
        """Write the best network as a small file."""
        if self.folder.best() is not None:
            self.folder.store.put(NETWORK, exported(self.folder.store.path(BEST)))


def training_on(spec: TrainStyleSpec, device: torch.device, progress: TrainingProgress) -> TransferTraining:  # noqa: ARG001
    """The training of a spec; it finds the device by itself. Raises SpecError."""
    return TransferTraining(spec, progress)
