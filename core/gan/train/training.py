"""Training of a GAN: its data, its trainer, KID, the grid of samples, and the divergence checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from core.errors import NotFinite, SpecError
from core.gan.checkpoints.checkpoint import CheckpointInfo, checkpoint_bytes, read_info, read_tensors
from core.gan.data import dataset
from core.gan.data.dataset import Dataset
from core.gan.data.held_out import load_held_out, overlap
from core.gan.metrics.features import EfficientNetFeatures, FeatureNetwork, efficientnet_side
from core.gan.networks.recipe import GanRecipe
from core.gan.train import divergence_checks
from core.gan.train.augment import Strength
from core.gan.train.evaluation import Evaluator
from core.gan.train.metrics_row import ACROSS, PANELS, GanMetricsRow, metrics_row
from core.gan.train.sample_grid import drawn, shown_noise
from core.gan.train.train_spec import TrainSpec
from core.gan.train.trainer import GanStepMetrics, GanTrainer
from core.safe_text import printable
from core.training import loop
from core.training.folder import TrainingFolder
from core.training.image_grid import grid_png
from core.training.progress import TrainingProgress


class GanTraining(loop.TrainingLoop[TrainSpec, GanTrainer, GanStepMetrics, CheckpointInfo, GanMetricsRow]):
    """One training in this process. Call it under the run's lock."""

    score, score_words, score_about = "kid", "KID", "EfficientNet-Lite0 features"
    panels, across = PANELS, ACROSS
    recipe: GanRecipe

    def __init__(
        self, spec: TrainSpec, network: Callable[[int], FeatureNetwork], progress: TrainingProgress | None = None
    ) -> None:
        """Read the data, and resume the training where it stands.

        network: makes the feature network that KID is measured with, for pictures of a size in pixels. Raises SpecError
        for wrong data, a changed recipe, or a device that is not there.
        """
        self._network = network
        super().__init__(spec, TrainingFolder(spec.out, read_info, GanMetricsRow), progress)

    def load_data(self) -> None:
        """Read the pictures, fetching MNIST's first if that is asked for."""
        if self.spec.download:
            dataset.download_mnist(self.spec.data)
        self.data = dataset.load(
            self.spec.data,
            self.recipe,
            self.spec.max_pixels,
            self.show_reading,
            system_folders=self.spec.system_folders,
        )
        for note in self.data.notes:
            self.note(note)
        self.report_skipped(self.data.skipped)

    @property
    def data_facts(self) -> dict[str, Any]:
        """Kind, number, digest and hashes of the pictures."""
        data = self.data
        return {"kind": data.kind, "pictures": len(data), "digest": data.digest, "sha256": list(data.sha256)}

    @property
    def data_source(self) -> str:
        """The spec's `data`."""
        return printable(str(self.spec.data))

    def prepare_evaluation(self) -> None:
        """Measure the real pictures that samples are compared with."""
        self.progress.stage = "measuring real pictures"
        size = self.recipe.size
        self._evaluator = Evaluator(self._real(), size, self.spec.evaluate_pictures, self._network(size))

    def _real(self) -> Dataset:
        """The pictures that KID is measured against: held-out ones if there are any."""
        if self.spec.held_out is not None:
            return self._held_out(self.spec.held_out)
        test = dataset.load_mnist_test(self.spec.data, self.recipe) if self.data.kind == "mnist" else None
        return test or self.data

    def _held_out(self, folder: Path) -> Dataset:
        """The pictures of the held-out folder; what is wrong with them is noted."""
        found = load_held_out(
            folder,
            self.recipe.changed({"conditional": False}),
            self.spec.max_pixels,
            system_folders=self.spec.system_folders,
        )
        for note in (
            *(f"held-out: {note}" for note in found.notes),
            *overlap(self.spec.data, self.data, folder, found),
        ):
            self.note(note)
        return found

    def new_trainer(self) -> GanTrainer:
        """Networks by chance."""
        return GanTrainer(self.recipe, self.data, self.device)

    def first_trainer(self) -> GanTrainer:
        """A new trainer, at the start that the spec names. Raises SpecError if that is none for this recipe."""
        trainer, start = self.new_trainer(), self.spec.start
        if start is not None:
            info = read_info(start)
            if not info.whole:
                raise SpecError(
                    f"{printable(str(start))} can draw, but not begin a training: it holds the average alone",
                    "give a checkpoint from the folder of a training.",
                )
            try:
                trainer.restore(read_tensors(start), 0, 1.0)
            except (KeyError, ValueError, RuntimeError) as error:
                raise SpecError(
                    f"{printable(str(start))} is of another architecture, size, width or number of classes than this "
                    "training's recipe",
                    "give one that is of the same.",
                ) from error
            self.origin = info.digest
        return trainer

    def restore(self, trainer: GanTrainer, header: CheckpointInfo) -> None:
        """Bring networks, optimisers and the strength of augmentation to where a checkpoint was."""
        trainer.strength = Strength(**header.training["strength"])
        trainer.restore(read_tensors(header.path), header.step, float(header.training["rate_factor"]))

    def metrics_row(self, steps: Sequence[GanStepMetrics], seconds: float) -> GanMetricsRow:
        """The row over these steps."""
        return metrics_row(steps, self.recipe.pictures_a_step, seconds)

    def evaluate(self, row: GanMetricsRow) -> tuple[GanMetricsRow, dict[str, float]]:
        """Measure KID and diversity, and put the sample grid."""
        found = self._evaluator.measure(self.trainer)
        if not math.isfinite(found.kid):
            raise NotFinite(f"the samples of step {row.step:,} were not finite")
        self.folder.put_samples(row.step, grid_png(drawn(self.trainer, *shown_noise(self.trainer))))
        notes = {"kid": found.kid} | ({} if found.kid_spread is None else {"kid_spread": found.kid_spread})
        return replace(row, kid=found.kid, kid_spread=found.kid_spread, diversity=found.diversity), notes

    def warnings(self) -> list[str]:
        """The discriminator wins, or the generator has collapsed."""
        return divergence_checks.warnings(self.rows, self.recipe)

    def checkpoint_bytes(self, data: dict[str, Any], notes: dict[str, Any]) -> bytes:
        """Networks, optimisers, the augmentation's strength, and what they were trained on."""
        trainer, classes = self.trainer, self.data.classes if self.recipe.conditional else ()
        training = {"strength": asdict(trainer.strength), **notes}
        return checkpoint_bytes(trainer.state(), self.recipe, trainer.step, classes, data, training)


def training_on(spec: TrainSpec, device: torch.device, progress: TrainingProgress) -> GanTraining:
    """The training of a spec, whose KID is measured in EfficientNet-Lite0's features. Raises SpecError."""
    return GanTraining(spec, lambda size: EfficientNetFeatures(device, efficientnet_side(size)), progress)
