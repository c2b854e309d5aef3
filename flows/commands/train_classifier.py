"""`nocturne train-classifier`: a classifier trained from the terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

from core.classifier.spec import TrainClassifierSpec
from core.classifier.training import open_training
from core.errors import NocturneError, Stopped
from flows.commands.flow_call import call_flow, flow_of, prepare_prefect
from flows.console import console, plain_table, print_line
from flows.exit_codes import ALL_DONE
from flows.progress import Bar

CLASSIFIER_FIGURES = (
    ("accuracy", "accuracy, held-out pictures", "{:.1%}"),
    ("calibration_error", "calibration error", "{:.1%}"),
    ("known", "pictures that are known", "{:.1%}"),
    ("accuracy_known", "accuracy of those", "{:.1%}"),
    ("threshold", "does not know below", "{:.2f}"),
)
"""Figures that are printed: name, words, format."""


def train_classifier(spec: TrainClassifierSpec, as_json: bool, verbose: bool) -> int:
    """Train a classifier, showing how it goes. Returns the exit code."""
    screen = console(as_json)
    print_line(screen, f"Nocturne: {spec.out}")
    with open_training(spec) as training, Bar(screen, "pictures seen") as bar:
        training.tick = bar.tick
        figures = _fit(spec, screen, verbose)
    if as_json:
        print(json.dumps({**figures, "exit_code": ALL_DONE}))
        return ALL_DONE
    table = plain_table()
    for name, words, form in CLASSIFIER_FIGURES:
        if figures[name] is not None:
            table.add_row(words, form.format(figures[name]))
    screen.print(table)
    for fault in figures["faults"]:
        print_line(screen, fault)
    print_line(screen, f"Classifier: {figures['file']}")
    return ALL_DONE


def _fit(spec: TrainClassifierSpec, screen: Console, verbose: bool) -> dict[str, Any]:
    go_on = "What was seen of the pictures is kept; the same command goes on."
    stopped = Stopped(f"stopped before the classifier was trained. {go_on}")
    prepare_prefect(screen, verbose)
    try:
        figures: dict[str, Any] = call_flow(
            flow_of(spec.kind), spec, stopped=stopped, failed=lambda what: NocturneError(f"{what}. {go_on}")
        )
    except KeyboardInterrupt as error:
        raise stopped from error
    return figures
