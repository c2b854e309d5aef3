"""Where a spec may point: anywhere its user may, unless whoever runs the worker has said where.

`NOCTURNE_ROOTS` names folders, separated as in PATH. A dashboard's users can then start runs within these folders alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from core.errors import SpecError

VARIABLE = "NOCTURNE_ROOTS"


def check_inside(named: Iterable[tuple[str, Path]]) -> None:
    """Look where each (field, path) leads once links are followed. Raises SpecError for the first outside the roots."""
    roots = [os.path.realpath(root) for root in os.environ.get(VARIABLE, "").split(os.pathsep) if root]
    for field, path in named:
        real = os.path.realpath(path)
        if roots and not any(real == root or real.startswith(os.path.join(root, "")) for root in roots):
            raise SpecError(
                f"{field} {path} is outside the folders that {VARIABLE} allows on this machine ({', '.join(roots)})",
                "choose one inside them.",
            )
