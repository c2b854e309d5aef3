"""What the training flows share: the stretches, and what the dashboard shows of them."""

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

from core.training.session import TrainingSession
from flows.dashboard import Teller
from tasks.train_stretch import train_stretch

TABLE_ROWS = 200
"""Rows of figures in the dashboard, the latest."""
SHEET_SIDE = 1024


def trained(session: TrainingSession) -> dict[str, Any]:
    """Train in stretches within a flow run, shown in the dashboard, to the end or until somebody wants to stop.

    Returns the last stretch's record, with the run's folder and notes. Raises NotFinite, StoreBroken.
    """
    run, teller = str(session.store.root), Teller()
    name = session.store.root.name
    progress = teller.told(lambda: create_progress_artifact(0.0, key="training", description=f"Training {name}: steps"))
    while True:
        future = train_stretch.submit(run)
        try:
            record = future.result()
        except (TerminationSignal, KeyboardInterrupt):
            session.stop.set()  # the stretch ends with its row, saved
            future.wait()
            raise
        _advance(teller, progress, record)
        _show(teller, session)
        if record["over"] or record["stopped"]:
            return {**record, "run": name, "folder": run, "notes": _notes(session)}


def _advance(teller: Teller, progress: Any, record: dict[str, Any]) -> None:
    if progress is not None:
        teller.told(lambda: update_progress_artifact(progress, 100.0 * record["step"] / record["steps"]))


def _show(teller: Teller, session: TrainingSession) -> None:
    """The figures as a table, the latest samples as a picture, and what should be known."""
    training, name = session.training, session.store.root.name
    assert training is not None
    table = [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in vars(row).items()}
        for row in training.rows[-TABLE_ROWS:]
    ]
    teller.told(lambda: create_table_artifact(table, key="figures", description=f"Training {name}: figures"))
    pictures = {"samples": training.folder.latest_samples(), "plot": training.folder.latest_plot()}
    for key, png in pictures.items():
        if png is not None:
            _show_picture(teller, key, png, f"Training {name}: {key}")
    notes = "".join(f"\n- {note}" for note in _notes(session)) or "\nNothing to warn of."
    best = f"best {training.score_words} {session.progress.best}"
    text = f"# {name}\n\nStep {session.progress.step:,} of {session.progress.steps:,}, {best}.\n{notes}\n"
    teller.told(lambda: create_markdown_artifact(text, key="warnings", description=f"Training {name}: notes"))


def _show_picture(teller: Teller, key: str, png: bytes, description: str) -> None:
    teller.told(lambda: create_image_artifact(data_url(png), key=key, description=description))


def _notes(session: TrainingSession) -> list[str]:
    return [] if session.training is None else session.training.notes


def data_url(png: bytes) -> str:
    """A sheet as a small JPEG that a dashboard shows without a file server."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail((SHEET_SIDE, SHEET_SIDE))
    sink = io.BytesIO()
    picture.save(sink, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(sink.getvalue()).decode()
