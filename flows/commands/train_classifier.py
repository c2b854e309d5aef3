"""`nocturne train-classifier`: a classifier trained from the terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

from core.classifier.spec import TrainClassifierSpec
from core.classifier.training import open_training
from core.errors import NocturneError, Stopped
from flows.console import console, plain_table, print_line
from flows.exit_codes import ALL_DONE
from flows.progress import Bar

SHOWN = (
    ("accuracy", "accuracy, held-out pictures", "{:.1%}"),
    ("calibration_error", "calibration error", "{:.1%}"),
    ("known", "pictures that are known", "{:.1%}"),
    ("accuracy_known", "accuracy of those", "{:.1%}"),
    ("threshold", "does not know below", "{:.2f}"),
)
"""Figures that are printed: name, words, format."""


def train(spec: TrainClassifierSpec, as_json: bool, verbose: bool) -> int:
    """Train a classifier, showing how it goes. Returns the exit code."""
    screen = console(as_json)
    print_line(screen, f"Nocturne: {spec.out}")
    with open_training(spec) as training, Bar(screen, "pictures seen") as bar:
        training.tick = bar.tick
        figures = _through_prefect(spec, screen, verbose)
    if as_json:
        print(json.dumps({**figures, "exit_code": ALL_DONE}))
        return ALL_DONE
    table = plain_table()
    for name, words, form in SHOWN:
        if figures[name] is not None:
            table.add_row(words, form.format(figures[name]))
    screen.print(table)
    for fault in figures["faults"]:
        print_line(screen, fault)
    print_line(screen, f"Classifier: {figures['file']}")
    return ALL_DONE


def _through_prefect(spec: TrainClassifierSpec, screen: Console, verbose: bool) -> dict[str, Any]:
    from flows.prefect_environment import prepare

    warning = prepare(quiet=not verbose)
    if warning:
        print_line(screen, warning)
    from prefect.exceptions import TerminationSignal

    from flows.train_classifier import train_classifier

    go_on = "What was seen of the pictures is kept; the same command goes on."
    try:
        found: dict[str, Any] = train_classifier(spec)
        return found
    except (KeyboardInterrupt, TerminationSignal) as error:
        raise Stopped(f"stopped before the classifier was trained. {go_on}") from error
    except NocturneError:
        raise
    except Exception as error:
        raise NocturneError(f"Prefect failed ({type(error).__name__}: {error}). {go_on}") from error
