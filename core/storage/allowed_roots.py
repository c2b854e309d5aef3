"""Allowed root folders of the paths in a spec: every folder, unless the worker's environment names some.

`NOCTURNE_ROOTS` names folders, separated as in PATH. A dashboard's users can then start runs within these folders alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from core.errors import SpecError

VARIABLE = "NOCTURNE_ROOTS"


def check_inside(named: Iterable[tuple[str, Path]]) -> None:
    """Resolve the links of each (field, path). Raises SpecError for the first outside the roots."""
    given = os.environ.get(VARIABLE)
    if given is None:
        return
    roots = [os.path.realpath(root) for root in given.split(os.pathsep) if root.strip()]
    if not roots:
        raise SpecError(f"{VARIABLE} is set and names no folder", "name the allowed folders, or unset it.")
    for field, path in named:
        real = os.path.realpath(path)
        if not any(real == root or real.startswith(os.path.join(root, "")) for root in roots):
            raise SpecError(
                f"{field} {path} is outside the folders that {VARIABLE} allows on this machine ({', '.join(roots)})",
                "choose one inside them.",
            )
