"""The folder of a training: what lies where in it, and which checkpoints stay.

runs/<name>/  train.toml  training.json  checkpoints/step-<step>.safetensors  checkpoints/best.safetensors
              samples/step-<step>.png  timelapse.webp  figures.csv  figures.png  log.jsonl
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import NocturneError, SpecError
from core.gan import figures, timelapse
from core.gan.checkpoint import CheckpointInfo, read_info
from core.gan.training_plan import TrainingPlan
from core.layout import LOG
from core.store import Store

SPEC, PLAN, CSV, PLOT, FILM = "train.toml", "training.json", "figures.csv", "figures.png", "timelapse.webp"
CHECKPOINTS, SAMPLES = "checkpoints", "samples"
BEST = f"{CHECKPOINTS}/best.safetensors"


class TrainingFolder:
    """A training's files; everything is put whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root)

    def plan(self) -> TrainingPlan | None:
        """The plan, or None if the training has not begun. Raises NocturneError if it is damaged."""
        if not self.store.exists(PLAN):
            return None
        try:
            return TrainingPlan(**json.loads(self.store.read(PLAN)))
        except (OSError, ValueError, TypeError) as error:
            raise NocturneError(
                f"{self.store.path(PLAN)} cannot be read; put it back, or train into another --out."
            ) from error

    def begin(self, spec_toml: str, plan: TrainingPlan) -> None:
        """Write down what was settled."""
        self.store.put(SPEC, spec_toml.encode())
        self.store.put(PLAN, json.dumps(asdict(plan), indent=2).encode())

    def checkpoints(self) -> Iterator[CheckpointInfo]:
        """The checkpoints that training can go on from, latest first; damaged ones are noted in the log."""
        for name in sorted(self.store.names(CHECKPOINTS, ".safetensors"), reverse=True):
            if name == BEST:
                continue
            try:
                info = read_info(self.store.path(name))
            except SpecError as error:
                self.log("damaged", text=str(error))
                continue
            if info.whole:
                yield info

    def best(self) -> CheckpointInfo | None:
        """The checkpoint with the lowest KID, if one was measured."""
        with contextlib.suppress(SpecError):
            return read_info(self.store.path(BEST))
        return None

    def put_checkpoint(self, step: int, data: bytes, keep: int) -> None:
        """Add a checkpoint, then let the oldest go. Raises StoreBroken or StorageFailed; the old ones then stay."""
        self.store.put(f"{CHECKPOINTS}/step-{step:09d}.safetensors", data)
        names = [name for name in sorted(self.store.names(CHECKPOINTS, ".safetensors")) if name != BEST]
        for name in names[:-keep]:
            self.store.remove(name)

    def put_best(self, data: bytes) -> None:
        """Replace the best checkpoint."""
        self.store.put(BEST, data)

    def put_grid(self, step: int, png: bytes) -> None:
        """Add a sample grid, and make the film of all of them anew."""
        self.store.put(f"{SAMPLES}/step-{step:09d}.png", png)
        names = sorted(self.store.names(SAMPLES, ".png"))
        self.store.put(FILM, timelapse.film([self.store.read(name) for name in names]))

    def latest_grid(self) -> bytes | None:
        """The latest sample grid, PNG."""
        names = sorted(self.store.names(SAMPLES, ".png"))
        return self.store.read(names[-1]) if names else None

    def put_rows(self, rows: list[figures.Row]) -> None:
        """Write the figures, as CSV and as a plot."""
        self.store.put(CSV, figures.csv_bytes(rows))
        if rows:
            self.store.put(PLOT, figures.plot(rows))

    def rows(self, up_to: int) -> list[figures.Row]:
        """The figures up to a step."""
        return figures.read_rows(self.store.read(CSV), up_to) if self.store.exists(CSV) else []

    def log(self, event: str, **values: Any) -> None:
        """Add a line to log.jsonl; a disk that has no room for it stops nothing."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(), "event": event, **values}, ensure_ascii=False)
        with contextlib.suppress(OSError):
            self.store.append(LOG, line)
