"""Files of a training's run folder, and which checkpoints are kept.

runs/<name>/  train.toml  training.json  checkpoints/step-<step>.safetensors  checkpoints/best.safetensors
              samples/step-<step>.png  timelapse.webp  figures.csv  figures.png  log.jsonl
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from core.errors import NocturneError, SpecError
from core.storage.run_paths import LOG
from core.storage.store import Store
from core.training import image_grid, metrics_log
from core.training.training_plan import TrainingPlan

SPEC, PLAN, CSV, PLOT, TIMELAPSE = "train.toml", "training.json", "figures.csv", "figures.png", "timelapse.webp"
CHECKPOINTS, SAMPLES = "checkpoints", "samples"
NETWORK = "network.safetensors"
"""What is of use in the end, small; some trainings leave it there once they are done."""
BEST = f"{CHECKPOINTS}/best.safetensors"


class CheckpointHeader(Protocol):
    """A checkpoint without its tensors."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def step(self) -> int:
        """How many steps it has behind it."""

    @property
    def whole(self) -> bool:
        """Whether training can go on from it."""

    @property
    def data(self) -> dict[str, Any]:
        """What it was trained on."""

    @property
    def training(self) -> dict[str, Any]:
        """State of the training that is no tensor."""


H = TypeVar("H", bound=CheckpointHeader)
R = TypeVar("R", bound=metrics_log.MetricsRow)


class TrainingFolder(Generic[H, R]):
    """Reads and writes a training's files; each is put whole or not at all."""

    def __init__(self, root: Path, read_header: Callable[[Path], H], row: type[R]) -> None:
        """read_header: raises SpecError for what is no checkpoint of this kind of training."""
        self.store, self._read_header, self._row = Store(root), read_header, row

    def plan(self) -> TrainingPlan | None:
        """The plan, or None if the training has not begun. Raises NocturneError if it is damaged."""
        if not self.store.exists(PLAN):
            return None
        try:
            return TrainingPlan(**json.loads(self.store.read(PLAN)))
        except (OSError, ValueError, TypeError) as error:
            raise NocturneError(
                f"{self.store.path(PLAN)} cannot be read", "put it back, or train into another --out."
            ) from error

    def begin(self, spec_toml: str, plan: TrainingPlan) -> None:
        """Write the spec and the plan of a training that begins."""
        self.store.put(SPEC, spec_toml.encode())
        self.store.put(PLAN, json.dumps(asdict(plan), indent=2).encode())

    def checkpoints(self) -> Iterator[H]:
        """The checkpoints that training can go on from, latest first; damaged ones are noted in the log."""
        for name in sorted(self.store.names(CHECKPOINTS, ".safetensors"), reverse=True):
            if name == BEST:
                continue
            try:
                header = self._read_header(self.store.path(name))
            except SpecError as error:
                self.log("damaged", text=str(error))
                continue
            if header.whole:
                yield header

    def best(self) -> H | None:
        """The checkpoint with the lowest score, if one was measured."""
        with contextlib.suppress(SpecError):
            return self._read_header(self.store.path(BEST))
        return None

    def put_checkpoint(self, step: int, data: bytes, keep: int) -> None:
        """Add a checkpoint, then remove all but the latest `keep`. Raises StoreBroken or StorageFailed; all then stay."""
        self.store.put(f"{CHECKPOINTS}/step-{step:09d}.safetensors", data)
        names = [name for name in sorted(self.store.names(CHECKPOINTS, ".safetensors")) if name != BEST]
        for name in names[:-keep]:
            self.store.remove(name)

    def put_best(self, data: bytes) -> None:
        """Replace the best checkpoint."""
        self.store.put(BEST, data)

    def put_samples(self, step: int, png: bytes) -> None:
        """Add a grid of samples, and make the time-lapse of all of them anew."""
        self.store.put(f"{SAMPLES}/step-{step:09d}.png", png)
        names = sorted(self.store.names(SAMPLES, ".png"))
        self.store.put(TIMELAPSE, image_grid.timelapse([self.store.read(name) for name in names]))

    def latest_samples(self) -> bytes | None:
        """The latest grid of samples, PNG."""
        names = sorted(self.store.names(SAMPLES, ".png"))
        return self.store.read(names[-1]) if names else None

    def put_rows(self, rows: Sequence[R], panels: Sequence[metrics_log.Panel], across: str) -> None:
        """Write the metrics log, as CSV and as a plot."""
        self.store.put(CSV, metrics_log.csv_bytes(rows, self._row))
        if rows:
            self.store.put(PLOT, metrics_log.plot(rows, panels, across))

    def latest_plot(self) -> bytes | None:
        """The plot of the metrics log, PNG."""
        return self.store.read(PLOT) if self.store.exists(PLOT) else None

    def rows(self, up_to: int) -> list[R]:
        """The rows of the metrics log up to a step."""
        return metrics_log.read_rows(self.store.read(CSV), up_to, self._row) if self.store.exists(CSV) else []

    def log(self, event: str, **values: Any) -> None:
        """Append an event to log.jsonl; a full disk stops nothing."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(), "event": event, **values}, ensure_ascii=False)
        with contextlib.suppress(OSError):
            self.store.append(LOG, line)
