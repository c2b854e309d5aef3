"""Flow `train-classifier`: from labelled pictures to a classifier file, its figures and its card."""

from __future__ import annotations

import os
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from flows.prefect_environment import prepare

_warning = prepare()
if _warning:
    warnings.warn(_warning, RuntimeWarning, stacklevel=2)

from prefect import flow  # noqa: E402
from prefect.artifacts import (  # noqa: E402
    create_image_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner  # noqa: E402

from core.classifier.spec import TrainClassifierSpec  # noqa: E402
from core.classifier.training import CARD, CONFUSION, RELIABILITY, ClassifierTraining, open_training  # noqa: E402
from flows.dashboard import Teller  # noqa: E402
from flows.prefect_server import end_with_this_process  # noqa: E402
from flows.training_flow import data_url  # noqa: E402
from tasks.train_classifier import fit_classifier, see_pictures  # noqa: E402

_runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=1)


@flow(name="train-classifier", task_runner=_runner)
def train_classifier(spec: TrainClassifierSpec) -> dict[str, Any]:
    """See all pictures, learn, and measure; pictures that an earlier, unfinished run saw are not seen again.

    Returns the figures, and where the classifier is. Raises SpecError, RunBusy, StoreBroken.
    """
    end_with_this_process()
    with open_training(spec.rooted(Path.cwd())) as training:
        run, teller = os.fspath(training.store.root), Teller()
        name, chunks = training.store.root.name, len(training.chunks)
        bar = teller.told(lambda: create_progress_artifact(0.0, key="pictures", description=f"{name}: pictures seen"))
        for chunk in range(chunks):
            see_pictures.submit(run, chunk).result()
            if bar is not None:
                share = 100.0 * (chunk + 1) / chunks
                teller.told(partial(update_progress_artifact, bar, share))
        figures = fit_classifier.submit(run).result()
        _show(teller, training, figures)
        return {**figures, "file": os.fspath(training.store.path(training.file))}


def _show(teller: Teller, training: ClassifierTraining, figures: dict[str, Any]) -> None:
    """The card, the confusions as a table, and both plots."""
    name, classes = training.store.root.name, training.examples.classes
    text = training.store.read(CARD).decode().partition("![")[0]
    teller.told(lambda: create_markdown_artifact(text, key="card", description=f"{name}: card"))
    matrix = zip(classes, figures["confusion"], strict=True)
    table = [{"is": label, **dict(zip(classes, row, strict=True))} for label, row in matrix]
    teller.told(lambda: create_table_artifact(table, key="confusion", description=f"{name}: held-out pictures"))
    for key, png in (("confusion-plot", CONFUSION), ("reliability", RELIABILITY)):
        url = data_url(training.store.read(png))
        teller.told(partial(create_image_artifact, url, key=key, description=f"{name}: {key}"))
