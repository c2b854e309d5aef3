"""Flow `train-gan`: train a GAN in stretches, from pictures to checkpoints."""

from __future__ import annotations

import base64
import io
import warnings
from pathlib import Path
from typing import Any

from flows.environment import prepare

_warning = prepare()
if _warning:
    warnings.warn(_warning, RuntimeWarning, stacklevel=2)

from PIL import Image  # noqa: E402
from prefect import flow  # noqa: E402
from prefect.artifacts import (  # noqa: E402
    create_image_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import TerminationSignal  # noqa: E402
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner  # noqa: E402

from core.gan.train_spec import TrainSpec  # noqa: E402
from core.gan.training_duty import TrainingDuty, on_training_duty  # noqa: E402
from flows.dashboard import Teller  # noqa: E402
from flows.own_server import end_with_this_process  # noqa: E402
from tasks.train_stretch import train_stretch  # noqa: E402

TABLE_ROWS = 200
"""Rows of figures in the dashboard, the latest."""
GRID_SIDE = 512


_runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=1)


@flow(name="train-gan", task_runner=_runner)
def train_gan(spec: TrainSpec) -> dict[str, Any]:
    """Train until the spec's steps are done, going on from the last checkpoint if there is one.

    Returns step, steps, the last figures, the best KID, and the folder. Raises SpecError, RunBusy, NotFinite, StoreBroken.
    """
    end_with_this_process()
    spec = spec.rooted(Path.cwd())
    with on_training_duty(spec) as duty:
        return _trained(duty)


def _trained(duty: TrainingDuty) -> dict[str, Any]:
    run, teller = str(duty.store.root), Teller()
    name = duty.store.root.name
    progress = teller.told(lambda: create_progress_artifact(0.0, key="training", description=f"Training {name}: steps"))
    while True:
        future = train_stretch.submit(run)
        try:
            record = future.result()
        except (TerminationSignal, KeyboardInterrupt):
            duty.stop.set()  # the stretch ends with its row, saved
            future.wait()
            raise
        _advance(teller, progress, record)
        _show(teller, duty)
        if record["over"] or record["stopped"]:
            return {**record, "run": name, "folder": run, "notes": _notes(duty)}


def _advance(teller: Teller, progress: Any, record: dict[str, Any]) -> None:
    if progress is not None:
        teller.told(lambda: update_progress_artifact(progress, 100.0 * record["step"] / record["steps"]))


def _show(teller: Teller, duty: TrainingDuty) -> None:
    """The figures as a table, the latest samples as a picture, and what should be known."""
    training, name = duty.training, duty.store.root.name
    assert training is not None
    table = [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in vars(row).items()}
        for row in training.rows[-TABLE_ROWS:]
    ]
    teller.told(lambda: create_table_artifact(table, key="figures", description=f"Training {name}: figures"))
    png = training.folder.latest_grid()
    if png is not None:
        teller.told(lambda: create_image_artifact(_data_url(png), key="samples", description=f"Training {name}"))
    notes = "".join(f"\n- {note}" for note in _notes(duty)) or "\nNothing to warn of."
    text = f"# {name}\n\nStep {duty.board.step:,} of {duty.board.steps:,}, best KID {duty.board.best}.\n{notes}\n"
    teller.told(lambda: create_markdown_artifact(text, key="warnings", description=f"Training {name}: notes"))


def _notes(duty: TrainingDuty) -> list[str]:
    return [] if duty.training is None else duty.training.notes


def _data_url(png: bytes) -> str:
    """The grid as a small JPEG that a dashboard shows without a file server."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail((GRID_SIDE, GRID_SIDE))
    sink = io.BytesIO()
    picture.save(sink, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(sink.getvalue()).decode()
