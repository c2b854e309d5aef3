"""Required packages with their version ranges, and whether a version is in range."""

from __future__ import annotations

import operator
import re
from importlib.metadata import requires

_COMPARED = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def required_versions() -> dict[str, str]:
    """Version ranges by package, as pyproject.toml has them: `{"prefect": "<3.10,>=3.8.8", ...}`.

    Raises importlib.metadata.PackageNotFoundError if Nocturne itself is not installed.
    """
    found = {}
    for line in requires("nocturne") or []:
        requirement, _, marker = line.partition(";")
        match = re.match(r"\s*([\w.-]+)\s*(?:\[.*?\])?\s*\(?([^)]*)\)?", requirement)
        if match and "extra" not in marker:
            found[match[1]] = match[2].strip()
    return found


def in_range(version: str, specifier: str) -> bool:
    """Whether a version meets every clause of a range. Letters and what follows a `+` are not compared.

    >>> in_range("3.8.8", ">=3.8.8,<3.10"), in_range("3.10", ">=3.8.8,<3.10"), in_range("2.9.0+cpu", ">=2.9")
    (True, False, True)
    """
    return all(_meets(version, clause.strip()) for clause in specifier.split(",") if clause.strip())


def _meets(version: str, clause: str) -> bool:
    match = re.match(r"(==|!=|>=|<=|>|<)\s*(.+)", clause)
    if match is None:
        return True
    ours, theirs = _numbers(version), _numbers(match[2])
    length = max(len(ours), len(theirs))
    padded = [numbers + (0,) * (length - len(numbers)) for numbers in (ours, theirs)]
    return bool(_COMPARED[match[1]](*padded))


def _numbers(version: str) -> tuple[int, ...]:
    leading = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in leading[0].split(".")) if leading else ()
