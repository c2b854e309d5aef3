"""Commands as they are printed for a person to paste into a POSIX shell: every word quoted."""

from __future__ import annotations

import os
import re
import shlex

PROGRAM = "nocturne"


def shell_command(*words: str | os.PathLike[str], path: str | os.PathLike[str] | None = None) -> str:
    """The command `nocturne` with `words`; `path`, its operand, comes last and is never taken for an option or a home.

    >>> shell_command("run", path="my runs/$a.toml")
    "nocturne run 'my runs/$a.toml'"
    >>> shell_command("run", path="-a.toml")
    'nocturne run ./-a.toml'
    """
    last = [] if path is None else [_operand(os.fspath(path))]
    return " ".join(_quoted(os.fspath(word)) for word in (PROGRAM, *words, *last))


def _operand(path: str) -> str:
    return f"./{path}" if path.startswith(("-", "~")) else path


def _quoted(word: str) -> str:
    """A word in single quotes where it needs them; with characters that no line shows, in `$'...'`, byte by byte."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(_escaped(char) for char in word) + "'"


def _escaped(char: str) -> str:
    if char.isprintable() and not re.match(r"['\\]", char):
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
