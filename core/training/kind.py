"""What a kind of training says of itself: its data, its trainer, its rows, and how it is measured.

The loop in core.training.loop calls these; everything else about stretches, checkpoints and falls is the same for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from core.training.folder import Info, TrainingFolder
from core.training.metrics_log import Panel, Row
from core.training.progress import Board
from core.training.skipped_files import Fault
from core.training.spec import TrainingSpec

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


class TrainingKind(ABC, Generic[S, T, F, I, R]):
    """What the loop asks of a kind of training. S: its spec, T: trainer, F: figures of a step, I: what a checkpoint says
    of itself, R: row.
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
    folder: TrainingFolder[I, R]
    board: Board
    device: torch.device
    trainer: T
    rows: list[R]
    notes: list[str]
    """What a person was told."""
    origin: str | None = None
    """Digest of the network that it began with, `start` in a checkpoint's data; the file itself is not needed any more."""

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
