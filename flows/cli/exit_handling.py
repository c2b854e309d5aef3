"""Exit of the command line: exit codes, one sentence for what Nocturne can explain, and an end that cannot fail."""

from __future__ import annotations

import contextlib
import os
import sys

import typer

from core.errors import NocturneError, RunBusy, SpecError, Stopped, StoreBroken
from flows.exit_codes import ALL_DONE, CRASHED, UNFINISHED, WRONG_SPEC
from flows.streams import lost_result


def exit_code_of(app: typer.Typer) -> int:
    """Run the command that was asked for. Returns its exit code; what went wrong stands on standard error."""
    try:
        _check_working_folder()
        sys.argv[1:] = [checked_argument(each) for each in sys.argv[1:]]
        app(standalone_mode=True)
        return _with_result(ALL_DONE)
    except SystemExit as end:
        return _with_result(end.code if isinstance(end.code, int) else 0 if end.code is None else CRASHED)
    except SpecError as error:
        return _explain(error, WRONG_SPEC)
    except (RunBusy, Stopped, StoreBroken) as error:
        return _explain(error, UNFINISHED)
    except NocturneError as error:
        return _explain(error, CRASHED)


def _check_working_folder() -> None:
    try:
        os.getcwd()
    except OSError as error:
        raise SpecError(
            f"the folder that this command was started in cannot be used ({error.strerror})", "`cd` to one that exists."
        ) from error


def _with_result(code: int) -> int:
    """The exit code, unless the command did what it should and its result could not be printed."""
    why = lost_result() if code in (ALL_DONE, UNFINISHED) else ""
    if not why:
        return code
    what = f"the result could not be printed ({why})"
    return _explain(NocturneError(what, "free space on the disk that it goes to, or send it elsewhere."), CRASHED)


def checked_argument(text: str) -> str:
    """An argument of the command line, with the home folder where a path begins with `~`: shells leave that alone behind
    `--out=` and in quotes. Raises SpecError for an empty one, which is no path, and not the current folder.
    """
    flag, equals, value = text.partition("=") if text.startswith("--") else ("", "", text)
    if not (value if equals or not flag else flag).strip():
        what = flag or "an argument"
        raise SpecError(
            f"{what} is empty", "if a variable stands there, it is not set; leave it out, or name something."
        )
    if not value.startswith("~"):
        return text
    return f"{flag}{equals}{os.path.expanduser(value)}"


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
