"""`nocturne train-classifier`: a classifier trained from the terminal."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

from rich.console import Console
from rich.table import Table

from core.appraise.classifier_spec import TrainClassifierSpec
from core.errors import NocturneError, Stopped
from core.layout import printable
from flows.bar import Bar
from flows.display import console
from flows.exit_codes import ALL_DONE

SHOWN = (
    ("accuracy", "accuracy, held-out pictures", "{:.1%}"),
    ("calibration_error", "calibration error", "{:.1%}"),
    ("labelled", "pictures that get a label", "{:.1%}"),
    ("accuracy_labelled", "accuracy of labels given", "{:.1%}"),
    ("threshold", "does not know below", "{:.2f}"),
)
"""Figures that are printed: name, words, format."""


def train(spec: TrainClassifierSpec, as_json: bool, verbose: bool) -> int:
    """Train a classifier, showing how it goes. Returns the exit code."""
    screen = console(as_json)
    screen.print(printable(f"Nocturne: {spec.out}"), markup=False, soft_wrap=True)
    spec.check()
    figures = _through_prefect(spec, screen, verbose)
    if as_json:
        print(json.dumps({**figures, "exit_code": ALL_DONE}))
        return ALL_DONE
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, words, form in SHOWN:
        if figures[name] is not None:
            table.add_row(words, form.format(figures[name]))
    screen.print(table)
    for fault in figures["faults"]:
        screen.print(printable(fault), markup=False, soft_wrap=True)
    screen.print(printable(f"Classifier: {figures['file']}"), markup=False, soft_wrap=True)
    return ALL_DONE


def _through_prefect(spec: TrainClassifierSpec, screen: Console, verbose: bool) -> dict[str, Any]:
    from flows.environment import prepare

    warning = prepare(quiet=not verbose)
    if warning:
        screen.print(printable(warning), markup=False)
    from prefect.exceptions import TerminationSignal

    from flows.train_classifier import train_classifier

    go_on = "What was seen of the pictures is kept; the same command goes on."
    try:
        with _Watched(screen, spec):
            found: dict[str, Any] = train_classifier(spec)
            return found
    except (KeyboardInterrupt, TerminationSignal) as error:
        raise Stopped(f"stopped before the classifier was trained. {go_on}") from error
    except NocturneError:
        raise
    except Exception as error:
        raise NocturneError(f"Prefect failed ({type(error).__name__}: {error}). {go_on}") from error


class _Watched:
    """A bar of the pictures seen, by the files that they leave. Use it as a context manager."""

    EVERY = 1.0

    def __init__(self, screen: Console, spec: TrainClassifierSpec) -> None:
        self._bar, self._spec, self._over = Bar(screen, "pictures seen"), spec, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        from core.appraise.classifier_training import pictures_seen

        with self._bar as bar:
            while not self._over.wait(self.EVERY):
                done = pictures_seen(os.path.abspath(self._spec.out))
                if done is not None:
                    bar.tick(*done)
