"""Result of a health check: ok, warning or problem, with a remedy; and the runner that turns exceptions into one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from core.errors import NocturneError

State = Literal["ok", "warning", "problem"]

LONGEST = 300
"""Characters that are kept of an exception's words."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. A `warning` lets a night go on, a `problem` does not; both come with a remedy."""

    check: str
    state: State
    found: str
    remedy: str = ""


Check = Callable[[], Iterable[CheckResult]]
"""Looks at one thing. What it raises is a problem too: see `run_check`."""


def ok(check: str, found: str) -> CheckResult:
    """All is well, or this is for information alone."""
    return CheckResult(check, "ok", found)


def warning(check: str, found: str, remedy: str) -> CheckResult:
    """A night can do without, but not as well."""
    return CheckResult(check, "warning", found, remedy)


def problem(check: str, found: str, remedy: str) -> CheckResult:
    """A night would fail."""
    return CheckResult(check, "problem", found, remedy)


def problem_of(check: str, error: NocturneError) -> CheckResult:
    """A problem that Nocturne has a sentence for: what is wrong; what to do."""
    return problem(check, error.what, _sentence(error.remedy) or "Correct this, then run the doctor again.")


def run_check(name: str, check: Check) -> list[CheckResult]:
    """What a check finds. One that raises is itself a problem, with the exception's words; nothing is raised here."""
    found: list[CheckResult] = []
    try:
        found.extend(check())
    except NocturneError as error:
        found.append(problem_of(name, error))
    except Exception as error:  # a broken package can raise anything; that is what is being looked for
        words = f"this check broke: {in_one_line(error)}"
        found.append(problem(name, words, "Run `make install` again; if it stays, this is a fault in Nocturne."))
    return found


def in_one_line(error: BaseException) -> str:
    """An exception in one line: its kind and what it says."""
    words = " ".join(str(error).split())[:LONGEST]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
