"""Exit of the command line: exit codes, one sentence for what Nocturne can explain, and an end that cannot fail."""

from __future__ import annotations

import contextlib
import os
import sys

import typer

from core.errors import NocturneError, RunBusy, SpecError, Stopped, StoreBroken
from flows.exit_codes import CRASHED, UNFINISHED, WRONG_SPEC


def exit_code_of(app: typer.Typer) -> int:
    """Run the command that was asked for. Returns its exit code; what went wrong stands on standard error."""
    try:
        app(standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else CRASHED
    except SpecError as error:
        return _explain(error, WRONG_SPEC)
    except (RunBusy, Stopped, StoreBroken) as error:
        return _explain(error, UNFINISHED)
    except NocturneError as error:
        return _explain(error, CRASHED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _explain(error: NocturneError, code: int) -> int:
    from core.safe_text import printable

    typer.echo(f"nocturne: {printable(str(error))}", err=True)
    return code


def leave(code: int) -> None:
    """End at once. Nothing waits for an orderly end, and one can fail: a thread of Arrow's that gives a Python buffer back
    while the interpreter is taken down ends the process with an abort.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
