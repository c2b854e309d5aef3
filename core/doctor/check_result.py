"""What a check of the machine found, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from core.errors import NocturneError

State = Literal["ok", "warning", "problem"]

LONGEST = 300
"""Characters that are kept of an exception's words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. A `warning` lets a night go on, a `problem` does not; both come with a remedy."""

    check: str
    state: State
    found: str
    remedy: str = ""


Check = Callable[[], Iterable[Finding]]
"""Looks at one thing. What it raises is a problem too: see `examined`."""


def ok(check: str, found: str) -> Finding:
    """All is well, or this is for information alone."""
    return Finding(check, "ok", found)


def warning(check: str, found: str, remedy: str) -> Finding:
    """A night can do without, but not as well."""
    return Finding(check, "warning", found, remedy)


def problem(check: str, found: str, remedy: str) -> Finding:
    """A night would fail."""
    return Finding(check, "problem", found, remedy)


def refused(check: str, error: NocturneError) -> Finding:
    """A problem that Nocturne has a sentence for: what is wrong; what to do."""
    return problem(check, error.what, _sentence(error.remedy) or "Correct this, then run the doctor again.")


def examined(name: str, check: Check) -> list[Finding]:
    """What a check finds. One that raises is itself a problem, with the exception's words; nothing is raised here."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except NocturneError as error:
        found.append(refused(name, error))
    except Exception as error:  # a broken package can raise anything; that is what is being looked for
        words = f"this check broke: {words_of(error)}"
        found.append(problem(name, words, "Run `make install` again; if it stays, this is a fault in Nocturne."))
    return found


def words_of(error: BaseException) -> str:
    """An exception in one line: its kind and what it says."""
    words = " ".join(str(error).split())[:LONGEST]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
