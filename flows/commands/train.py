"""`nocturne train-gan`, `train-style` and `train-classifier`: a training started from the terminal."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from rich.console import Console

from core.classifier.spec import TrainClassifierSpec
from core.errors import NocturneError, Stopped
from core.training.folder import CHECKPOINTS, NETWORK, PLOT, SPEC, TIMELAPSE
from core.training.progress import StretchResult
from core.training.session import AnyTraining, TrainingFactory, TrainingSession, open_session
from core.training.spec import TrainingSpec
from flows.commands.flow_call import call_flow, flow_of, prepare_prefect
from flows.commands.signals import stop_on_ctrl_c
from flows.console import console, plain_table, print_line
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.live_display import TrainingDisplay
from flows.progress import Bar

LEFT = {"Checkpoints": CHECKPOINTS, "Network": NETWORK, "Figures": PLOT, "Time-lapse": TIMELAPSE}
"""What a training's folder has to look at."""

STOPPING = "Saving after the steps in hand. Ctrl-C again stops now, and loses what came after the checkpoint."
CLASSIFIER_FIGURES = (
    ("accuracy", "accuracy, held-out pictures", "{:.1%}"),
    ("calibration_error", "calibration error", "{:.1%}"),
    ("known", "pictures that are known", "{:.1%}"),
    ("accuracy_known", "accuracy of those", "{:.1%}"),
    ("threshold", "does not know below", "{:.2f}"),
)
"""Figures that are printed: name, words, format."""


def train(spec: TrainingSpec, as_json: bool, verbose: bool) -> int:
    """Train, showing how it goes. Returns the exit code: 0 if every step is done, 3 if it was stopped before."""
    out = console(as_json)
    print_line(out, f"Nocturne: {spec.out}")
    session = TrainingSession(spec, _making(spec))
    with TrainingDisplay(out, session.progress):
        stopping = stop_on_ctrl_c(out, STOPPING, session.stop.set, lambda: _is_stopping(session))
        with stopping, open_session(session):
            record = _record_if_over(session) or _call_flow(session, out, verbose)
    assert session.training is not None
    return _report(record, session.training, out, as_json)


def _making(spec: TrainingSpec) -> TrainingFactory:
    """What makes the training of a spec."""
    if spec.kind == "train-style":
        from core.stylize.train.training import training_on as of_styles

        return of_styles
    from core.gan.train.training import training_on as of_gan

    return of_gan


def _record_if_over(session: TrainingSession) -> dict[str, Any] | None:
    """The record of a training that has no step left; it needs no server."""
    training = session.training
    assert training is not None
    if training.trainer.step < training.recipe.steps:
        return None
    row = training.rows[-1] if training.rows else None
    return training.record(
        StretchResult(training.trainer.step, training.trainer.step, row, False, session.progress.best)
    )


def _call_flow(session: TrainingSession, out: Console, verbose: bool) -> dict[str, Any]:
    prepare_prefect(out, verbose, session.store.root)
    go_on = _how_to_go_on(session.spec)
    kept = f"the training is saved up to its last checkpoint. {go_on}"
    record: dict[str, Any] = call_flow(
        flow_of(session.spec.kind),
        session.spec,
        stopped=Stopped("stopped by SIGTERM", f"the training is saved. {go_on}"),
        failed=lambda what: NocturneError(what, kept),
        tell=session.progress.notes.append,
    )
    return record


def _is_stopping(session: TrainingSession) -> bool:
    """Whether there is nothing to wait for, or a first Ctrl-C has come."""
    return session.stop.is_set() or session.training is None


def _how_to_go_on(spec: TrainingSpec) -> str:
    return f"The same command, or `nocturne {spec.kind} {spec.out / SPEC}`, goes on."


def _report(record: dict[str, Any], training: AnyTraining, out: Console, as_json: bool) -> int:
    spec, best = training.spec, training.progress.best
    code = ALL_DONE if record["over"] else UNFINISHED
    if as_json:
        print(json.dumps({**record, "exit_code": code}))
        return code
    table = plain_table()
    table.add_row("steps", f"{record['step']:,} of {record['steps']:,}")
    if best is not None:
        table.add_row(f"best {training.score_words}", f"{best:.4f} ({training.score_about})")
    out.print(table)
    for what, name in LEFT.items():
        if (spec.out / name).exists():
            print_line(out, f"{what}: {spec.out / name}")
    if code:
        print_line(out, f"The training is saved. {_how_to_go_on(spec)}")
    return code


def train_classifier(spec: TrainClassifierSpec, as_json: bool, verbose: bool) -> int:
    """Train a classifier, showing how it goes. Returns the exit code."""
    from core.classifier.training import open_training

    screen = console(as_json)
    print_line(screen, f"Nocturne: {spec.out}")
    with open_training(spec) as training, Bar(screen, "pictures seen") as bar:
        training.tick, training.note = bar.tick, partial(print_line, screen)
        for sentence in training.notes():
            print_line(screen, sentence)
        figures = _fit(spec, screen, verbose)
    if as_json:
        print(json.dumps({**figures, "exit_code": ALL_DONE}))
        return ALL_DONE
    table = plain_table()
    for name, words, form in CLASSIFIER_FIGURES:
        if figures[name] is not None:
            table.add_row(words, form.format(figures[name]))
    screen.print(table)
    said = {*training.notes(), *(sentence for found in training.plain.values() for sentence in found)}
    for fault in figures["faults"]:
        if fault not in said:
            print_line(screen, fault)
    print_line(screen, f"Classifier: {figures['file']}")
    return ALL_DONE


def _fit(spec: TrainClassifierSpec, screen: Console, verbose: bool) -> dict[str, Any]:
    go_on = "What was seen of the pictures is kept; the same command goes on."
    stopped = Stopped(f"stopped before the classifier was trained. {go_on}")
    prepare_prefect(screen, verbose, spec.out)
    try:
        figures: dict[str, Any] = call_flow(
            flow_of(spec.kind),
            spec,
            stopped=stopped,
            failed=lambda what: NocturneError(f"{what}. {go_on}"),
            tell=lambda words: print_line(screen, words),
        )
    except KeyboardInterrupt as error:
        raise stopped from error
    return figures
