"""A classifier's training as a flow: features of all pictures, fit, and what the dashboard shows of the result."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from core.classifier.spec import TrainClassifierSpec
from core.classifier.training import CARD, CONFUSION, RELIABILITY, ClassifierTraining, open_training
from flows.dashboard import ArtifactSender
from flows.prefect_server.lifetime import end_with_this_process
from flows.training_flow import data_url
from tasks.train_classifier import fit_classifier, see_pictures


def train_classifier_in_flow(spec: TrainClassifierSpec) -> dict[str, Any]:
    """See all pictures, learn, and measure; pictures that an earlier, unfinished run saw are not seen again.

    Returns the figures, and where the classifier is. Raises SpecError, RunBusy, StoreBroken.
    """
    end_with_this_process()
    with open_training(spec.rooted(Path.cwd())) as training:
        run, sender = os.fspath(training.store.root), ArtifactSender()
        name, chunks = training.store.root.name, len(training.chunks)
        for sentence in training.notes():
            get_run_logger().warning(sentence)
        bar = sender.send(lambda: create_progress_artifact(0.0, key="pictures", description=f"{name}: pictures seen"))
        for chunk in range(chunks):
            see_pictures.submit(run, chunk).result()
            if bar is not None:
                share = 100.0 * (chunk + 1) / chunks
                sender.send(partial(update_progress_artifact, bar, share))
        figures = fit_classifier.submit(run).result()
        _show(sender, training, figures)
        return {**figures, "file": os.fspath(training.store.path(training.file))}


def _show(sender: ArtifactSender, training: ClassifierTraining, figures: dict[str, Any]) -> None:
    """The card, the confusions as a table, and both plots."""
    name, classes = training.store.root.name, training.data.classes
    text = training.store.read(CARD).decode().partition("![")[0]
    sender.send(lambda: create_markdown_artifact(text, key="card", description=f"{name}: card"))
    matrix = zip(classes, figures["confusion"], strict=True)
    table = [{"is": label, **dict(zip(classes, row, strict=True))} for label, row in matrix]
    sender.send(lambda: create_table_artifact(table, key="confusion", description=f"{name}: held-out pictures"))
    for key, png in (("confusion-plot", CONFUSION), ("reliability", RELIABILITY)):
        url = data_url(training.store.read(png))
        sender.send(partial(create_image_artifact, url, key=key, description=f"{name}: {key}"))
