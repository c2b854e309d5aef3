"""`nocturne train-gan` and `train-style`, `export-gan` and `export-style`: a training started from the terminal."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from core.errors import NocturneError, SpecError, Stopped
from core.report.summary import duration
from core.storage.store import Store
from core.text import printable
from core.training.folder import CHECKPOINTS, NETWORK, PLOT, SPEC, TIMELAPSE
from core.training.progress import StretchResult, TrainingProgress
from core.training.session import AnyTraining, Make, TrainingSession, open_session
from core.training.spec import TrainingSpec
from flows.display import REFRESH, console
from flows.exit_codes import ALL_DONE, UNFINISHED

LEFT = {"Checkpoints": CHECKPOINTS, "Network": NETWORK, "Figures": PLOT, "Time-lapse": TIMELAPSE}
"""What a training's folder has to look at."""
LINE_EVERY = 10.0
"""Seconds between two lines where there is no terminal to redraw."""


def train(spec: TrainingSpec, as_json: bool, verbose: bool) -> int:
    """Train, showing how it goes. Returns the exit code: 0 if every step is done, 3 if it was stopped before."""
    out = console(as_json)
    out.print(printable(f"Nocturne: {spec.out}"), markup=False, soft_wrap=True)
    session = TrainingSession(spec, _making(spec))
    with TrainingDisplay(out, session.progress):
        before = signal.signal(signal.SIGINT, _stopper(session, out))
        try:
            with open_session(session):
                record = _already_over(session) or _through_prefect(session, out, verbose)
        finally:
            signal.signal(signal.SIGINT, before)
    assert session.training is not None
    return _report(record, session.training, out, as_json)


def _making(spec: TrainingSpec) -> Make:
    """What makes the training of a spec."""
    if spec.kind == "train-style":
        from core.stylize.train.training import training_on as of_styles

        return of_styles
    from core.gan.train.training import training_on as of_gan

    return of_gan


def _flow(spec: TrainingSpec) -> Callable[[Any], dict[str, Any]]:
    if spec.kind == "train-style":
        from flows.train_style import train_style

        return train_style
    from flows.train_gan import train_gan

    return train_gan


def _already_over(session: TrainingSession) -> dict[str, Any] | None:
    """The record of a training that has no step left; it needs no server."""
    training = session.training
    assert training is not None
    if training.trainer.step < training.recipe.steps:
        return None
    row = training.rows[-1] if training.rows else None
    return training.record(
        StretchResult(training.trainer.step, training.trainer.step, row, False, session.progress.best)
    )


def _through_prefect(session: TrainingSession, out: Console, verbose: bool) -> dict[str, Any]:
    from flows.prefect_environment import prepare

    warning = prepare(quiet=not verbose)
    if warning:
        out.print(printable(warning), markup=False)
    from prefect.exceptions import TerminationSignal

    flow = _flow(session.spec)
    try:
        return flow(session.spec)
    except TerminationSignal as error:
        raise Stopped("stopped by SIGTERM", f"the training is saved. {_how_to_go_on(session.spec)}") from error
    except NocturneError:
        raise
    except Exception as error:
        raise NocturneError(
            f"Prefect failed ({type(error).__name__}: {error})",
            f"the training is saved up to its last checkpoint. {_how_to_go_on(session.spec)}",
        ) from error


def _stopper(session: TrainingSession, out: Console) -> Callable[..., None]:
    """What Ctrl-C does: first save and end, then end at once."""

    def stop(*_: Any) -> None:
        if session.stop.is_set() or session.training is None:
            raise KeyboardInterrupt
        out.print("Saving after the steps in hand. Ctrl-C again stops now, and loses what came after the checkpoint.")
        session.stop.set()

    return stop


def _how_to_go_on(spec: TrainingSpec) -> str:
    return f"The same command, or `nocturne {spec.kind} {spec.out / SPEC}`, goes on."


def _report(record: dict[str, Any], training: AnyTraining, out: Console, as_json: bool) -> int:
    spec, best = training.spec, training.progress.best
    code = ALL_DONE if record["over"] else UNFINISHED
    if as_json:
        print(json.dumps({**record, "exit_code": code}))
        return code
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("steps", f"{record['step']:,} of {record['steps']:,}")
    if best is not None:
        table.add_row(f"best {training.score_words}", f"{best:.4f} ({training.score_about})")
    out.print(table)
    for what, name in LEFT.items():
        if (spec.out / name).exists():
            out.print(printable(f"{what}: {spec.out / name}"), markup=False, soft_wrap=True)
    if code:
        out.print(printable(f"The training is saved. {_how_to_go_on(spec)}"), markup=False, soft_wrap=True)
    return code


def export(checkpoint: Path, to: Path) -> None:
    """Write what draws samples, and nothing else, of a GAN's checkpoint into a small file."""
    from core.gan.checkpoints.checkpoint import exported, read_info

    _put(to, exported(checkpoint))
    _say(to, read_info(to).digest)


def export_style(checkpoint: Path, to: Path) -> None:
    """Write what paints, and nothing else, of a style training's checkpoint into a small file."""
    from core.stylize.feedforward.transfer_file import exported, read_info

    _put(to, exported(checkpoint))
    _say(to, read_info(to).digest)


def _put(to: Path, data: bytes) -> None:
    if to.suffix != ".safetensors":
        raise SpecError(f"{printable(str(to))} must end in .safetensors, the one format of checkpoints.")
    Store(to.absolute().parent).put(to.name, data)


def _say(to: Path, digest: str) -> None:
    print(printable(f"{to}: {to.stat().st_size / 1e6:.1f} MB, digest {digest}"))


class TrainingDisplay:
    """Displays a training's progress: a bar on a terminal, else a line now and then. Use it as a context manager."""

    def __init__(self, out: Console, progress: TrainingProgress) -> None:
        self._console, self._progress = out, progress
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._bar if out.is_terminal else self._lines, daemon=True)

    def __enter__(self) -> TrainingDisplay:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._tell_notes()

    def _bar(self) -> None:
        columns = (BarColumn(24), MofNCompleteColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=self._console, refresh_per_second=1 / REFRESH, transient=True) as bar:
            task = bar.add_task("", total=None)
            while not self._over.wait(REFRESH):
                self._tell_notes()
                progress = self._progress
                bar.update(task, total=progress.steps or None, completed=progress.step, description=self.doing())

    def _lines(self) -> None:
        last = ""
        while not self._over.wait(LINE_EVERY):
            self._tell_notes()
            text = f"{self._progress.step:,}/{self._progress.steps:,} {self.doing()}"
            if text != last:
                self._console.print(text, markup=False, highlight=False, soft_wrap=True)
                last = text

    def doing(self) -> str:
        """Losses and the like, the score, speed and the time left, in a line."""
        progress, row = self._progress, self._progress.row
        if row is None or progress.stage != "training":
            return progress.stage
        parts = [
            *row.summary(),
            "" if progress.score is None else f"{progress.score_words} {progress.score:.4f}",
            f"{row.speed:,.{0 if row.speed >= 10 else 1}f} pictures/s",
            "" if progress.seconds_left is None else f"{duration(progress.seconds_left)} left",
        ]
        return "  ".join(filter(None, parts))

    def _tell_notes(self) -> None:
        while self._progress.notes:
            text = printable(self._progress.notes.pop(0))
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
