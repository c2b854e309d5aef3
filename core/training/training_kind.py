"""Interface of a kind of training to the training loop: its data, its trainer, its metrics, and its evaluation.

The loop in core.training.loop calls these; stretches, checkpoints and rollbacks are the same for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Generic, TypeVar

import torch

from core.training.folder import H, R, TrainingFolder
from core.training.metrics_log import Panel
from core.training.progress import TrainingProgress
from core.training.skipped_files import SkippedFile
from core.training.spec import TrainingSpec
from core.training.timing import seconds_a_step
from core.training.trainer import M, Trainer

SHOWN_FILES = 20

S = TypeVar("S", bound=TrainingSpec)
T = TypeVar("T", bound=Trainer[Any])


class TrainingKind(ABC, Generic[S, T, M, H, R]):
    """What the loop asks of a kind of training. S: its spec, T: trainer, M: metrics of a step, H: header of a checkpoint,
    R: row of the metrics log.
    """

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
    """How the networks are built and trained; its `steps` are those of the plan once there is one."""
    spec: S
    folder: TrainingFolder[H, R]
    progress: TrainingProgress
    device: torch.device
    trainer: T
    rows: list[R]
    notes: list[str]
    """What the user was told."""
    origin: str | None = None
    """Digest of the network that it began with, `start` in a checkpoint's data; the file itself is not needed any more."""

    @abstractmethod
    def load_data(self) -> None:
        """Read the data by `self.recipe`; `self.report_skipped` files that are broken. Raises SpecError."""

    @property
    @abstractmethod
    def data_facts(self) -> dict[str, Any]:
        """What a checkpoint says of the data; `digest` is 16 hex digits over all that is learnt from."""

    @property
    @abstractmethod
    def data_source(self) -> str:
        """Where the data came from, for a message."""

    @abstractmethod
    def prepare_evaluation(self) -> None:
        """Make ready, once the recipe is settled, what measures the training."""

    @abstractmethod
    def new_trainer(self) -> T:
        """A trainer before its first step."""

    @abstractmethod
    def restore(self, trainer: T, header: H) -> None:
        """Bring a new trainer of the same recipe and data to where a checkpoint was. Raises SpecError, KeyError, TypeError,
        ValueError or RuntimeError if it is not one of its own.
        """

    @abstractmethod
    def metrics_row(self, steps: Sequence[M], seconds: float) -> R:
        """The row of the metrics log over these steps, which took so many seconds."""

    @abstractmethod
    def evaluate(self, row: R) -> tuple[R, dict[str, float]]:
        """Measure the average and put a grid of samples. Returns the row with the score and what else is measured now and
        then, and notes for the best checkpoint. Raises NotFinite.
        """

    @abstractmethod
    def checkpoint_bytes(self, data: dict[str, Any], notes: dict[str, Any]) -> bytes:
        """All that is needed to go on, as a file. data: `data_facts` and `origin`; notes: how the training stands."""

    def seconds_a_step(self) -> float:
        """How long a step takes on this machine now, by a trainer that is thrown away."""
        return seconds_a_step(self.new_trainer().advance)

    def first_trainer(self) -> T:
        """A new trainer, at the start that the spec names. Raises SpecError if that is none for this recipe."""
        return self.new_trainer()

    def warnings(self) -> list[str]:
        """Signs of divergence in the rows, in sentences that say what to do."""
        return []

    def finish(self) -> None:
        """Put what is left in the folder once the last step is done."""
        return

    def show_reading(self, done: int, total: int) -> None:
        """Show how far reading is."""
        self.progress.step, self.progress.steps = done, total

    def report_skipped(self, files: Sequence[SkippedFile]) -> None:
        """Tell of files that could not be used."""
        for file in files[:SHOWN_FILES]:
            self.note(f"left out: {file.message}")
        if len(files) > SHOWN_FILES:
            self.note(f"left out: {len(files) - SHOWN_FILES} more files; log.jsonl has them all")
        for file in files:
            self.folder.log("left out", **asdict(file))

    def note(self, text: str) -> None:
        """Tell the user of something at once, and the log."""
        self.notes.append(text)
        self.progress.notes.append(text)
        self.folder.log("note", text=text)
