"""A training as a flow, of any kind: its stretches, and what the dashboard shows. Import it after `flows.bootstrap`."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image
from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import TerminationSignal

from core.training.session import TrainingFactory, TrainingSession, open_session
from core.training.spec import TrainingSpec
from flows.dashboard import ArtifactSender
from flows.prefect_server.lifetime import end_with_this_process
from tasks.train_stretch import train_stretch

TABLE_ROWS = 200
"""Rows of figures in the dashboard, the latest."""
SHEET_SIDE = 1024


def train_in_stretches(spec: TrainingSpec, make: TrainingFactory) -> dict[str, Any]:
    """Train in stretches within a flow run, shown in the dashboard, to the end or until somebody wants to stop.

    Returns the last stretch's record, with the run's folder and notes. Raises SpecError, RunBusy, NotFinite, StoreBroken.
    """
    end_with_this_process()
    with open_session(TrainingSession(spec, make)) as session:
        return _train(session)


def _train(session: TrainingSession) -> dict[str, Any]:
    run, sender = str(session.store.root), ArtifactSender()
    name = session.store.root.name
    progress = sender.send(lambda: create_progress_artifact(0.0, key="training", description=f"Training {name}: steps"))
    while True:
        future = train_stretch.submit(run)
        try:
            record = future.result()
        except (TerminationSignal, KeyboardInterrupt):
            session.stop.set()  # the stretch ends with its row, saved
            future.wait()
            raise
        _advance(sender, progress, record)
        _show(sender, session)
        if record["over"] or record["stopped"]:
            return {**record, "run": name, "folder": run, "notes": _notes(session)}


def _advance(sender: ArtifactSender, progress: Any, record: dict[str, Any]) -> None:
    if progress is not None:
        sender.send(lambda: update_progress_artifact(progress, 100.0 * record["step"] / record["steps"]))


def _show(sender: ArtifactSender, session: TrainingSession) -> None:
    """The figures as a table, the latest samples as a picture, and what should be known."""
    training, name = session.training, session.store.root.name
    assert training is not None
    table = [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in vars(row).items()}
        for row in training.rows[-TABLE_ROWS:]
    ]
    sender.send(lambda: create_table_artifact(table, key="figures", description=f"Training {name}: figures"))
    pictures = {"samples": training.folder.latest_samples(), "plot": training.folder.latest_plot()}
    for key, png in pictures.items():
        if png is not None:
            _show_picture(sender, key, png, f"Training {name}: {key}")
    notes = "".join(f"\n- {note}" for note in _notes(session)) or "\nNothing to warn of."
    best = f"best {training.score_words} {session.progress.best}"
    text = f"# {name}\n\nStep {session.progress.step:,} of {session.progress.steps:,}, {best}.\n{notes}\n"
    sender.send(lambda: create_markdown_artifact(text, key="warnings", description=f"Training {name}: notes"))


def _show_picture(sender: ArtifactSender, key: str, png: bytes, description: str) -> None:
    sender.send(lambda: create_image_artifact(data_url(png), key=key, description=description))


def _notes(session: TrainingSession) -> list[str]:
    return [] if session.training is None else session.training.notes


def data_url(png: bytes) -> str:
    """A sheet as a small JPEG that a dashboard shows without a file server."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail((SHEET_SIDE, SHEET_SIDE))
    sink = io.BytesIO()
    picture.save(sink, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(sink.getvalue()).decode()
