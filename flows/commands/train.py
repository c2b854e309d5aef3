"""`nocturne train-gan` and `train-style`, `export-gan` and `export-style`: a training started from the terminal."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from core.errors import NocturneError, SpecError, Stopped
from core.storage.store import Store
from core.text import printable
from core.training.folder import CHECKPOINTS, NETWORK, PLOT, SPEC, TIMELAPSE
from core.training.progress import StretchResult
from core.training.session import AnyTraining, Make, TrainingSession, open_session
from core.training.spec import TrainingSpec
from flows.console import console, plain_table, print_line
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.live_display import TrainingDisplay

LEFT = {"Checkpoints": CHECKPOINTS, "Network": NETWORK, "Figures": PLOT, "Time-lapse": TIMELAPSE}
"""What a training's folder has to look at."""


def train(spec: TrainingSpec, as_json: bool, verbose: bool) -> int:
    """Train, showing how it goes. Returns the exit code: 0 if every step is done, 3 if it was stopped before."""
    out = console(as_json)
    print_line(out, f"Nocturne: {spec.out}")
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
        print_line(out, warning)
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
